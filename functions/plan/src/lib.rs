//! Which nodes, which lane: a release becomes compile tasks.
