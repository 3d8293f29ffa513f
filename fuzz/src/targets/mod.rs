//! The targets, a file each.

pub mod codec;
pub mod entries;
pub mod changes;
pub mod documents;
pub mod imports;
pub mod receipts;

use guicang_domain::ids::DeviceId;

/// Who sends.
const SENDER: DeviceId = DeviceId([1; 16]);
