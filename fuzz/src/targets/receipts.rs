//! Signed receipts, as a scanner types them (`GC1:...`) and as the bytes that a return carries.

use guicang_domain::ids::OrganisationId;
use guicang_domain::signed_receipt::SignedReceipt;

/// Reads the bytes as both.
pub fn read(bytes: &[u8]) {
    let typed = SignedReceipt::parse(&String::from_utf8_lossy(bytes));
    for receipt in [typed, SignedReceipt::from_bytes(bytes)].into_iter().flatten() {
        let _ = receipt.message(OrganisationId([2; 16]));
        let proof = receipt.proof();
        let again = SignedReceipt::from_bytes(&proof).expect("a proof of ours");
        assert_eq!(again.facts(), receipt.facts(), "a proof says otherwise than its receipt");
    }
}
