//! The connection: made, and made again when it breaks, in the background.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, ServerAddr};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::{Notify, broadcast};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::announcements::is_gap;
use crate::QueueError;
use crate::broker::Address;

/// How long the server may take for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection that is being made is waited for.
const FOR_CONNECTION: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// A connection to any of the servers.
pub(super) struct Connection {
    place: String,
    servers: Vec<ServerAddr>,
    options: ConnectOptions,
    client: Client,
    jetstream: Context,
    /// Tells receivers that something came.
    news: Arc<Notify>,
    /// Tells listeners that they may have missed something.
    gaps: broadcast::Sender<()>,
    listener: AbortHandle,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Connection {
    /// Begins to connect.
    pub(super) async fn to(address: &Address) -> Result<Self, QueueError> {
        let place = address.to_string();
        let failed = |error: String| QueueError::unavailable(format!("{place}: {error}"));
        let servers: Result<Vec<ServerAddr>, _> = address
            .hosts
            .iter()
            .map(|host| format!("{}://{host}", address.scheme).parse())
            .collect();
        let servers = servers.map_err(|error| failed(error.to_string()))?;
        let options = options(address)?;
        let gaps = broadcast::Sender::new(1);
        let gap = gaps.clone();
        let in_background = options
            .clone()
            .retry_on_initial_connect()
            .event_callback(move |event| {
                if is_gap(&event) {
                    // That nobody listens is no error.
                    let _ = gap.send(());
                }
                async {}
            })
            .reconnect_delay_callback(|attempt| {
                let pause = Duration::from_millis(100) * (1 << attempt.min(6));
                pause.min(LONGEST_PAUSE)
            });
        let client = in_background
            .connect(servers.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut sent = client
            .subscribe(format!("{}.*", address.prefix))
            .await
            .map_err(|error| failed(error.to_string()))?;
        let news = Arc::new(Notify::new());
        let told = Arc::clone(&news);
        let listener = tokio::spawn(async move {
            while sent.next().await.is_some() {
                told.notify_waiters();
            }
        });
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(PATIENCE);
        Ok(Self {
            place,
            servers,
            options,
            client,
            jetstream,
            news,
            gaps,
            listener: listener.abort_handle(),
        })
    }

    pub(super) fn news(&self) -> &Notify {
        &self.news
    }

    /// Whatever ends a connection, or makes it lose what came, from now on.
    pub(super) fn gaps(&self) -> broadcast::Receiver<()> {
        self.gaps.subscribe()
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn jetstream(&self) -> &Context {
        &self.jetstream
    }

    /// Without a connection the answer is that, soon.
    pub(super) async fn reachable(&self) -> Result<(), QueueError> {
        let connected = || self.client.connection_state() == State::Connected;
        if connected()
            || (timeout(FOR_CONNECTION, self.client.flush()).await.is_ok() && connected())
        {
            return Ok(());
        }
        Err(QueueError::unavailable(format!(
            "{}: {}",
            self.place,
            self.trouble().await
        )))
    }

    /// Waits until the server has done all that it was asked for so far.
    pub(super) async fn caught_up(&self) -> Result<(), QueueError> {
        let inbox = self.client.new_inbox();
        let echo = async {
            let subscribed = self.client.subscribe(inbox.clone()).await;
            let mut echo = subscribed.map_err(QueueError::unavailable)?;
            let sent = self.client.publish(inbox, Bytes::new()).await;
            sent.map_err(QueueError::unavailable)?;
            Ok(echo.next().await)
        };
        match timeout(PATIENCE, echo).await {
            Ok(Ok(Some(_))) => Ok(()),
            Ok(Err(error)) => Err(error),
            _ => Err(QueueError::unavailable(format!(
                "{}: no answer in time",
                self.place
            ))),
        }
    }

    /// Why there is no connection. Tries in the background don't tell: this is one to be told.
    async fn trouble(&self) -> String {
        let tried = self.options.clone().connect(self.servers.clone());
        match timeout(FOR_CONNECTION, tried).await {
            Ok(Err(error)) if error.kind() == ConnectErrorKind::AuthorizationViolation => {
                "NATS refuses the user, the password or the token".to_owned()
            }
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(_)) => "the connection is just being made".to_owned(),
            Err(_) => "no answer in time".to_owned(),
        }
    }
}

fn options(address: &Address) -> Result<ConnectOptions, QueueError> {
    let mut options = ConnectOptions::new()
        .name("bunraku")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE));
    if let Some(file) = &address.authority {
        // Read again for each connection, but better found out now.
        address.certificates()?;
        options = options.add_root_certificates(file.clone());
    }
    Ok(match (&address.user, &address.password) {
        (Some(user), Some(password)) => options.user_and_password(user.clone(), password.clone()),
        (Some(token), None) => options.token(token.clone()),
        _ => options,
    })
}
