//! Checks what was pushed and seals it as an immutable release.
