//! Azure Blob Storage.

use std::sync::Arc;

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

use super::credentials::Named;
use super::{Cloud, Provider, Trouble};
use crate::backend::address::{Address, is_name};
use crate::backend::objects::{Home, Objects};
use crate::backend::transport;
use crate::{StoreError, answer};

static AZURE: Provider = Provider {
    owner: "Azure",
    noun: "container",
    credentials: "set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY, AZURE_CLIENT_ID, AZURE_TENANT_ID and \
                  AZURE_CLIENT_SECRET, or AZURE_USE_AZURE_CLI=true, or run where an identity is attached",
    rights: "give this identity the role Storage Blob Data Contributor in the container",
    reach: "the account's name",
    trouble,
};

/// `az://CONTAINER[@ACCOUNT.blob.core.windows.net][/PREFIX]`, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct AzureUrl {
    container: String,
    /// The account's host, if it stands in the URL.
    host: Option<String>,
    address: Address,
}

impl AzureUrl {
    /// Reads what stands behind `az://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, StoreError> {
        let parts = |name: &str| match name.split_once('@') {
            Some((container, host)) => (container.to_owned(), Some(host.to_owned())),
            None => (name.to_owned(), None),
        };
        let address = Address::parse(
            "az://CONTAINER[@ACCOUNT.blob.core.windows.net]",
            rest,
            |name| {
                let (container, host) = parts(name);
                is_name(&container, 3..=63, b"-")
                    && host.is_none_or(|host| is_name(&host, .., b"-."))
            },
        )?;
        let (container, host) = parts(&address.bucket);
        Ok(Self {
            container,
            host,
            address,
        })
    }

    /// The objects there, with the account, if the URL names none, and the credentials of the
    /// environment or the machine. No request is sent yet.
    pub(crate) fn open(&self) -> Result<Objects, StoreError> {
        self.connect(MicrosoftAzureBuilder::from_env())
    }

    /// [`AzureUrl::open`] with settings that are loaded already.
    pub(crate) fn connect(&self, settings: MicrosoftAzureBuilder) -> Result<Objects, StoreError> {
        let cloud = Cloud {
            provider: &AZURE,
            name: self.container.clone(),
            endpoint: self.endpoint(&settings)?,
        };
        let settings = settings
            // It knows the hosts of accounts.
            .with_url(format!("az://{}/", self.address.bucket))
            .with_client_options(transport::client())
            .with_retry(transport::retries());
        let unusable = |error| {
            StoreError::invalid(format!(
                "container {} can't be used: {}",
                self.container,
                answer::root_cause(&error)
            ))
        };
        let found = settings.clone().build().map_err(unusable)?;
        let credentials = Arc::new(Named::new("Azure", found.credentials()));
        let container = settings.with_credentials(credentials).build();
        let store = self.address.within(container.map_err(unusable)?);
        Ok(Objects::over(store, Home::Cloud(cloud)))
    }

    /// Where the account is, for people.
    fn endpoint(&self, settings: &MicrosoftAzureBuilder) -> Result<String, StoreError> {
        if let Some(endpoint) = settings.get_config_value(&AzureConfigKey::Endpoint) {
            return Ok(endpoint);
        }
        if let Some(host) = &self.host {
            return Ok(format!("https://{host}"));
        }
        let emulator = settings.get_config_value(&AzureConfigKey::UseEmulator);
        if emulator.is_some_and(|emulator| emulator == "true") {
            return Ok("the emulator".to_owned());
        }
        let account = settings
            .get_config_value(&AzureConfigKey::AccountName)
            .ok_or_else(|| {
                StoreError::invalid(format!(
                    "the account of container {0} is not known: set AZURE_STORAGE_ACCOUNT_NAME, or name it in \
                     the URL, az://{0}@ACCOUNT.blob.core.windows.net",
                    self.container
                ))
            })?;
        Ok(format!("https://{account}.blob.core.windows.net"))
    }
}

/// By Microsoft's lists of the error codes that all storage services and blobs have.
fn trouble(code: &str) -> Trouble {
    match code {
        "ContainerNotFound" | "ContainerBeingDeleted" | "ResourceNotFound" => Trouble::NoBucket,
        "AccessDenied"
        | "AuthorizationFailure"
        | "AuthorizationPermissionMismatch"
        | "AuthorizationProtocolMismatch"
        | "AuthorizationResourceTypeMismatch"
        | "AuthorizationServiceMismatch"
        | "AuthorizationSourceIPMismatch"
        | "InsufficientAccountPermissions"
        | "KeyBasedAuthenticationNotPermitted" => Trouble::Denied,
        "AuthenticationFailed" | "InvalidAuthenticationInfo" | "NoAuthenticationInformation" => {
            Trouble::Credentials
        }
        "ServerBusy" | "SlowDown" => Trouble::Busy,
        _ => Trouble::Other,
    }
}
