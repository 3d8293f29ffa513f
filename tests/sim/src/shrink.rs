//! A failing run made short: steps are left out as long as it still fails (delta debugging, Zeller 1999).

use crate::run::{Failure, steps};
use crate::step::Step;
use crate::world::Setting;

/// The shortest run found that fails, and how it does. At most `tries` runs are made.
pub fn shrink(
    seed: u64,
    setting: Setting,
    script: &[Step],
    failure: Failure,
    tries: usize,
) -> (Vec<Step>, Failure) {
    let mut left: Vec<Step> = match failure.at {
        Some(at) => script[..=at].to_vec(),
        None => script.to_vec(),
    };
    let mut how = failure;
    let (mut parts, mut tried) = (2, 0);
    while left.len() > 1 && tried < tries {
        let size = left.len().div_ceil(parts);
        let mut shorter = None;
        for from in (0..left.len()).step_by(size) {
            let mut fewer = left.clone();
            fewer.drain(from..(from + size).min(left.len()));
            tried += 1;
            if let Err(failure) = steps(seed, setting, &fewer, &mut |_, _| {}) {
                if let Some(at) = failure.at {
                    fewer.truncate(at + 1);
                }
                shorter = Some((fewer, failure));
                break;
            }
            if tried >= tries {
                break;
            }
        }
        match shorter {
            Some((fewer, failure)) => {
                (left, how) = (fewer, failure);
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(left.len()),
        }
    }
    (left, how)
}
