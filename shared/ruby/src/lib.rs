//! What modules' Ruby says, read without running it.
