//! The command line, and the whole farm in one process.

fn main() {}
