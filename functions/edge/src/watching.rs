//! Nodes that watch for a new catalog of their own: server-sent events, paced so that a push is no herd.
//!
//! The pointer is the truth: whoever connects says which catalog it has, and is told at once if that is another one
//! now. So nothing is missed, whatever happened meanwhile, and an edge keeps nothing of it.
//!
//! - `request`: `GET /bunraku/v1/watch`
//! - `room`: who watches, and whose turn it is; `seat`: what each of them has and was told
//! - `lane`: whose turn comes first, by the rules of the site
//! - `attendant`: looks at pointers when they may have changed, and tells what it saw
//! - `sweep`: when to look without having been told to
//! - `events`: the body of the reply; `message`: its text

pub(crate) mod attendant;
pub(crate) mod events;
mod lane;
mod message;
pub(crate) mod request;
pub(crate) mod room;
mod seat;
mod sweep;
