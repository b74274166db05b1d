//! The farm's documents, messages and rules: pure, without input or output.
