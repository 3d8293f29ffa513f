//! What a command did, in a sentence.
