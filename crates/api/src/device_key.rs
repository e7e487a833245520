//! Device keys: passkeys that payments can ask for beside a face (docs/spec/payment-v1.md, "Device keys").

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A device key that is to be registered.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceKeyRequest {
    /// What it is to be called in lists, up to 32 characters: "Ana's phone".
    #[serde(default)]
    #[schema(max_length = 32)]
    pub label: String,
    /// What the person's device calls the account, 1 to 64 characters; what the caller calls the subject where it is left out.
    #[schema(min_length = 1, max_length = 64)]
    pub name: Option<String>,
}

/// A registration that was begun.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DeviceKeyOpened {
    /// Id of the registration: answer it, once, at `/v1/subjects/{subject}/device-keys/{device_key}`.
    pub id: String,
    /// From when on it is not answered any more, in seconds since 1970-01-01 UTC.
    pub expires: u64,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` in the person's browser.
    #[schema(value_type = Object)]
    pub public_key: CreationOptions,
}

/// `PublicKeyCredentialCreationOptionsJSON` of WebAuthn Level 3.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    /// For whom.
    pub rp: CredentialParty,
    /// Of whom.
    pub user: CredentialUser,
    /// What is answered: 32 bytes in base64url.
    pub challenge: String,
    /// Algorithms, the best first.
    pub pub_key_cred_params: Vec<CredentialKind>,
    /// How long it may take, in milliseconds.
    pub timeout: u64,
    /// Credentials that are registered already.
    pub exclude_credentials: Vec<CredentialRef>,
    /// What the authenticator must do.
    pub authenticator_selection: AuthenticatorSelection,
    /// `none`.
    pub attestation: String,
}

/// For whom a credential is made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CredentialParty {
    /// A host.
    pub id: String,
    /// As the person sees it.
    pub name: String,
}

/// Of whom a credential is made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialUser {
    /// What stands for the person: 32 bytes in base64url.
    pub id: String,
    /// As the person sees it.
    pub name: String,
    /// The same.
    pub display_name: String,
}

/// A kind of credential.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CredentialKind {
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its algorithm (COSE).
    pub alg: i32,
}

/// A credential.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CredentialRef {
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id in base64url.
    pub id: String,
}

/// What an authenticator must do.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticatorSelection {
    /// `required`: it is found without naming it, so that nobody learns whose it is.
    pub resident_key: String,
    /// The same, as older browsers know it.
    pub require_resident_key: bool,
    /// `required`.
    pub user_verification: String,
}

/// What the browser answers. Of the credential only `response` is read, and of that only what is named here.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceKeyAnswer {
    /// `toJSON()` of the credential that `navigator.credentials.create` gave.
    #[schema(value_type = Object)]
    pub credential: CredentialMade,
}

/// `RegistrationResponseJSON` of WebAuthn Level 3, as far as it is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CredentialMade {
    /// Its answer.
    pub response: CredentialMadeResponse,
}

/// See [`CredentialMade`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CredentialMadeResponse {
    /// The browser's account, in base64url.
    #[serde(rename = "clientDataJSON")]
    pub client_data: String,
    /// The new key with what attests it, in base64url.
    #[serde(rename = "attestationObject")]
    pub attestation_object: String,
}

/// `AuthenticationResponseJSON` of WebAuthn Level 3, as far as it is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CredentialUsed {
    /// Its id, in base64url.
    pub id: String,
    /// Its answer.
    pub response: CredentialUsedResponse,
}

/// See [`CredentialUsed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialUsedResponse {
    /// The browser's account, in base64url.
    #[serde(rename = "clientDataJSON")]
    pub client_data: String,
    /// The authenticator's, in base64url.
    pub authenticator_data: String,
    /// The signature, in base64url.
    pub signature: String,
}

/// A device key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct DeviceKeyEntry {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// When it was registered, in seconds since 1970-01-01 UTC.
    pub added: u64,
    /// When it signed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Whether it may be on other devices of the person, too: it is then as well kept as their account with whoever syncs it.
    pub synced: bool,
}

/// The device keys of a subject.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct DeviceKeyList {
    /// The oldest first.
    pub device_keys: Vec<DeviceKeyEntry>,
}

/// That the page must ask for a device key when the person agrees.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct CaptureDeviceKey {
    /// For whom the key was made: `rpId`.
    pub relying_party: String,
    /// 32 bytes in base64url; the challenge is made of it, of the session and of what the page shows.
    pub nonce: String,
}
