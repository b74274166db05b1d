//! Verifies a node's trace, compiles if it broke, swings the pointer.
