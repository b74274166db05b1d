//! Catalogs: the pointer verified against the agent's facts, the stored bytes copied; or a compile waited for.

pub(crate) mod facts;
pub(crate) mod handler;
pub(crate) mod pointer;
pub(crate) mod request;
pub(crate) mod wait;
