//! HTTP as agents speak it: requests taken apart, replies in the reference's shapes.

pub(crate) mod accept;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod params;
pub(crate) mod reply;
pub(crate) mod reply_body;
