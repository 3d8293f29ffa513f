//! Bodies: requests, answers, signing in; plain, under zstd, and in two. What is read is written again, and
//! must then read the same.

use guicang_sync::access::{Challenge, ChallengeRequest, Enrol, Enrolled, SignIn, SignedIn};
use guicang_sync::codec::{DECODED_LIMIT_BYTES, decode, decode_request, encode};
use guicang_sync::message::{ErrorAnswer, SyncAnswer, SyncRequest};
use minicbor::{Decode, Encode};

/// Reads the bytes as every message.
pub fn read(bytes: &[u8]) {
    if let Ok(request) = decode_request(bytes, DECODED_LIMIT_BYTES) {
        let again: SyncRequest =
            decode_request(&encode(&request), 2 * DECODED_LIMIT_BYTES).expect("a request of ours");
        assert_eq!(again, request, "a request reads otherwise when it is written again");
    }
    again::<SyncAnswer>(bytes);
    again::<ErrorAnswer>(bytes);
    again::<Enrol>(bytes);
    again::<Enrolled>(bytes);
    again::<ChallengeRequest>(bytes);
    again::<Challenge>(bytes);
    again::<SignIn>(bytes);
    again::<SignedIn>(bytes);
}

fn again<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) {
    if let Ok(message) = decode::<T>(bytes, DECODED_LIMIT_BYTES) {
        let written = encode(&message);
        let read: T = decode(&written, 2 * DECODED_LIMIT_BYTES).expect("a message of ours");
        assert_eq!(encode(&read), written, "a message is written otherwise when it was read again");
    }
}
