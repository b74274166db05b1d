//! Connecting to a host, encrypted or not.

use std::io;

use lapin::tcp::{AsyncTcpStream, RustlsConnector, RustlsConnectorConfig};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties};

use crate::broker::Address;

/// After how many seconds of silence either side takes the other for dead, about.
const HEARTBEAT: u16 = 10;

/// Connects to one of the hosts of an address.
pub(super) async fn connect(address: &Address, host: &str) -> lapin::Result<Connection> {
    let uri = uri(address, host)?;
    let properties = ConnectionProperties::default().with_connection_name("bunraku".into());
    match &address.authority {
        Some(_) => {
            let connector = believing(address)?;
            Connection::connector(
                uri,
                lapin::runtime::default_runtime()?,
                async move |uri, runtime| {
                    let AMQPAuthority { host, port, .. } = uri.authority;
                    let at = runtime.to_socket_addrs((host.clone(), port));
                    let stream = AsyncTcpStream::connect(&runtime, at).await?;
                    Ok(stream.into_rustls(&connector, &host).await?)
                },
                properties,
            )
            .await
        }
        None => Connection::connect_uri(uri, properties).await,
    }
}

/// Believes the site's own authorities and no others.
fn believing(address: &Address) -> io::Result<RustlsConnector> {
    let certificates = address.certificates().map_err(io::Error::other)?;
    let config = RustlsConnectorConfig::default().with_parsable_certificates(certificates);
    config.connector_with_no_client_auth()
}

fn uri(address: &Address, host: &str) -> lapin::Result<AMQPUri> {
    let encrypted = address.scheme == "amqps";
    let url = url::Url::parse(&format!("amqp://{host}")).map_err(io::Error::other)?;
    let host = url.host_str().unwrap_or_default();
    let vhost = percent_encoding::percent_decode_str(&address.path).decode_utf8_lossy();
    let guest = || "guest".to_owned();
    Ok(AMQPUri {
        scheme: if encrypted {
            AMQPScheme::AMQPS
        } else {
            AMQPScheme::AMQP
        },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: address.user.clone().unwrap_or_else(guest),
                password: address.password.clone().unwrap_or_else(guest),
            },
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if encrypted { 5671 } else { 5672 }),
        },
        vhost: if vhost.is_empty() {
            "/".to_owned()
        } else {
            vhost.into_owned()
        },
        query: AMQPQueryString {
            heartbeat: Some(HEARTBEAT),
            ..AMQPQueryString::default()
        },
    })
}
