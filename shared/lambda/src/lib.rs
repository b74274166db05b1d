//! What every function on AWS Lambda does around its handler.
