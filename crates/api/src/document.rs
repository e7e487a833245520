//! The OpenAPI 3.1 document: one function per operation, which exists only to be described.

use crate::*;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Required, ResponseBuilder};
use utoipa::{Modify, OpenApi};

/// Countenance answers one question, "is this the person they say they are?", only for people who agreed
/// to be asked.
#[derive(OpenApi)]
#[openapi(
    info(title = "Countenance", version = "1", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    servers((url = "/")),
    tags(
        (name = "pictures", description = "Questions about pictures alone"),
        (name = "subjects", description = "People who agreed"),
        (name = "consents", description = "What they agreed to"),
        (name = "collections", description = "Who of a group of people is this?"),
        (name = "sessions", description = "One question to one live person"),
        (name = "payments", description = "One named amount that one person approves"),
        (name = "capture", description = "The person's side of a session"),
        (name = "own", description = "The person's side of a consent link"),
        (name = "audit", description = "That the log was not rewritten"),
        (name = "keys", description = "Who may ask"),
        (name = "operation", description = "What anybody may know, and what operators watch"),
    ),
    components(schemas(Problem)),
    modifiers(&Bearer, &Headers),
    paths(
        detect,
        compare,
        add_subject,
        list_subjects,
        show_subject,
        erase_subject,
        export_subject,
        list_consents,
        grant_consent,
        withdraw_consents,
        open_consent_link,
        show_consent_link,
        show_own_consents,
        withdraw_own_consents,
        enroll_faces,
        verify_subject,
        list_collections,
        show_collection,
        set_collection,
        identify_member,
        list_members,
        audit_checkpoint,
        audit_entries,
        audit_inclusion,
        audit_consistency,
        list_keys,
        create_key,
        revoke_key,
        make_payment,
        show_payment,
        cancel_payment,
        refund_payment,
        list_payments,
        list_device_keys,
        open_device_key,
        finish_device_key,
        remove_device_key,
        open_payment_session,
        open_document,
        open_session,
        show_session,
        cancel_session,
        show_capture,
        decline_capture,
        agree_capture,
        capture_socket,
        capture_frames,
        policy,
        jwks,
        healthz,
        readyz,
        openapi,
        reference,
        metrics,
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A key of the platform; each operation names the scope it needs.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The capture token of the session."))
            .build();
        components.add_security_scheme("capture", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of the consent link."))
            .build();
        components.add_security_scheme("consents", SecurityScheme::Http(scheme));
    }
}

/// Headers that many answers have, and the answer that has nothing else.
struct Headers;

impl Modify for Headers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let text = |about: &str| {
            let schema = ObjectBuilder::new().schema_type(Type::String);
            let header = HeaderBuilder::new().schema(schema);
            header.description(Some(about)).build()
        };
        let id = text("Of this request, in the log of the server too");
        for (path, item) in &mut document.paths.paths {
            let methods = [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.delete,
            ];
            for operation in methods.into_iter().flatten() {
                for response in operation.responses.responses.values_mut() {
                    if let RefOr::T(response) = response {
                        response
                            .headers
                            .insert(REQUEST_ID_HEADER.to_owned(), id.clone());
                    }
                }
            }
            let Some(operation) = item
                .get
                .as_mut()
                .filter(|_| TAGGED.contains(&path.as_str()))
            else {
                continue;
            };
            let tag = text("Of the answer: ask again with it in If-None-Match");
            if let Some(RefOr::T(found)) = operation.responses.responses.get_mut("200") {
                found.headers.insert("ETag".to_owned(), tag.clone());
            }
            let unchanged = ResponseBuilder::new()
                .description("It is still that of If-None-Match")
                .header("ETag", tag)
                .header(REQUEST_ID_HEADER, id.clone());
            let responses = &mut operation.responses.responses;
            responses.insert("304".to_owned(), RefOr::T(unchanged.build()));
            let condition = ParameterBuilder::new()
                .name("If-None-Match")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some("The ETag of an answer that is still at hand"))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
            operation
                .parameters
                .get_or_insert_default()
                .push(condition.build());
        }
    }
}

/// The OpenAPI 3.1 document of API v1.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Find the faces of a picture. Nothing is kept.
#[utoipa::path(post, path = "/v1/detect", tag = "pictures", request_body(content((DetectRequest = "application/json"), (DetectForm = "multipart/form-data"))), responses((status = 200, description = "The faces", body = DetectAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["detect"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn detect() {}

/// Compare the faces of two pictures. Nothing is kept.
#[utoipa::path(post, path = "/v1/compare", tag = "pictures", request_body(content((CompareRequest = "application/json"), (CompareForm = "multipart/form-data"))), responses((status = 200, description = "The outcome", body = CompareAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["compare"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn compare() {}

/// Add a subject, holder-bound when a holder part comes along.
#[utoipa::path(post, path = "/v1/subjects", tag = "subjects", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body = SubjectRequest, responses((status = 201, description = "Added", body = SubjectAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn add_subject() {}

/// List subjects, page by page.
#[utoipa::path(get, path = "/v1/subjects", tag = "subjects", params(SubjectListQuery), responses((status = 200, description = "A page", body = SubjectList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_subjects() {}

/// Show a subject and its consents.
#[utoipa::path(get, path = "/v1/subjects/{subject}", tag = "subjects", params(("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery), responses((status = 200, description = "The subject", body = SubjectAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_subject() {}

/// Erase a subject: its key first, then its rows. Needs no holder part.
#[utoipa::path(delete, path = "/v1/subjects/{subject}", tag = "subjects", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery), responses((status = 200, description = "Erased, with a signed receipt", body = EraseAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn erase_subject() {}

/// Give out everything held about a subject. That it was given out goes into the audit log.
#[utoipa::path(post, path = "/v1/subjects/{subject}/export", tag = "subjects", params(("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), responses((status = 200, description = "Everything held", body = ExportAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["admin"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn export_subject() {}

/// List the consents of a subject, ended ones too.
#[utoipa::path(get, path = "/v1/subjects/{subject}/consents", tag = "consents", params(("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery), responses((status = 200, description = "The entries", body = ConsentList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_consents() {}

/// Enter a consent into the ledger.
#[utoipa::path(post, path = "/v1/subjects/{subject}/consents", tag = "consents", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body = ConsentRequest, responses((status = 201, description = "Entered", body = Consent), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn grant_consent() {}

/// Withdraw the consents for a purpose, or all. Needs no holder part; templates go with the last one.
#[utoipa::path(delete, path = "/v1/subjects/{subject}/consents", tag = "consents", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), WithdrawQuery), responses((status = 200, description = "Withdrawn", body = WithdrawAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn withdraw_consents() {}

/// Make templates of photos of a subject who consented to `verify`: all photos or none.
#[utoipa::path(post, path = "/v1/subjects/{subject}/faces", tag = "subjects", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body(content((EnrollRequest = "application/json"), (EnrollForm = "multipart/form-data"))), responses((status = 200, description = "Nothing was stored: a photo stands in the way", body = EnrollAnswer), (status = 201, description = "The templates are sealed", body = EnrollAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn enroll_faces() {}

/// Verify that a picture shows the subject.
#[utoipa::path(post, path = "/v1/subjects/{subject}/verify", tag = "subjects", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body(content((VerifyRequest = "application/json"), (VerifyForm = "multipart/form-data"))), responses((status = 200, description = "The outcome", body = VerifyAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["verify"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn verify_subject() {}

/// List the collections of the asking key's tenant.
#[utoipa::path(get, path = "/v1/collections", tag = "collections", responses((status = 200, description = "The collections", body = CollectionList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_collections() {}

/// Show what is decided in a collection, and how many members it may have.
#[utoipa::path(get, path = "/v1/collections/{collection}", tag = "collections", params(("collection" = String, Path, description = "Name of a collection of the key's tenant")), responses((status = 200, description = "The collection", body = CollectionAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_collection() {}

/// Make a collection, or set what is decided in it. That goes into the audit log.
#[utoipa::path(put, path = "/v1/collections/{collection}", tag = "collections", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("collection" = String, Path, description = "Name of a collection of the key's tenant")), request_body = CollectionRequest, responses((status = 200, description = "Set", body = CollectionAnswer), (status = 201, description = "Made", body = CollectionAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["admin"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn set_collection() {}

/// Ask which member of a collection a picture shows, if any.
#[utoipa::path(post, path = "/v1/collections/{collection}/identify", tag = "collections", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("collection" = String, Path, description = "Name of a collection of the key's tenant")), request_body(content((IdentifyRequest = "application/json"), (IdentifyForm = "multipart/form-data"))), responses((status = 200, description = "The outcome", body = IdentifyAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["identify"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn identify_member() {}

/// List the members of a collection, page by page: whoever consented to `identify` and has a template.
#[utoipa::path(get, path = "/v1/collections/{collection}/members", tag = "collections", params(("collection" = String, Path, description = "Name of a collection of the key's tenant"), MemberListQuery), responses((status = 200, description = "A page", body = MemberList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_members() {}

/// Sign the audit tree as it stands. The log is of the whole vault.
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "audit", responses((status = 200, description = "The signed tree", body = CheckpointAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["audit"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn audit_checkpoint() {}

/// List the entries of the log, page by page: what happened, and not to whom.
#[utoipa::path(get, path = "/v1/audit/entries", tag = "audit", params(EntriesQuery), responses((status = 200, description = "A page", body = EntriesAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["audit"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn audit_entries() {}

/// Prove that a leaf is in the tree.
#[utoipa::path(get, path = "/v1/audit/inclusion", tag = "audit", params(InclusionQuery), responses((status = 200, description = "The proof", body = InclusionAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["audit"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn audit_inclusion() {}

/// Prove that the log only grew.
#[utoipa::path(get, path = "/v1/audit/consistency", tag = "audit", params(ConsistencyQuery), responses((status = 200, description = "The proof", body = ConsistencyAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["audit"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn audit_consistency() {}

/// List the keys of the asking key's tenant.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", responses((status = 200, description = "The keys", body = KeyList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["admin"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_keys() {}

/// Make a key. It is shown this once.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same")), request_body = KeyRequest, responses((status = 201, description = "Made", body = KeyCreated), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["admin"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn create_key() {}

/// Revoke a key, at once.
#[utoipa::path(delete, path = "/v1/keys/{key}", tag = "keys", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("key" = String, Path, description = "Id of the key")), responses((status = 204, description = "Revoked"), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["admin"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn revoke_key() {}

/// Ask for a payment that a person is to approve. Nobody is shown it yet.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), CollectionQuery), request_body = PaymentRequest, responses((status = 201, description = "Made", body = PaymentAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["pay"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn make_payment() {}

/// Show where a payment stands.
#[utoipa::path(get, path = "/v1/payments/{payment}", tag = "payments", params(("payment" = String, Path, description = "Id of the payment"), CollectionQuery), responses((status = 200, description = "The payment", body = PaymentAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["pay"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_payment() {}

/// Cancel a payment that nobody has approved. Again is the same.
#[utoipa::path(post, path = "/v1/payments/{payment}/cancel", tag = "payments", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("payment" = String, Path, description = "Id of the payment"), CollectionQuery), responses((status = 200, description = "Canceled", body = PaymentAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["pay"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn cancel_payment() {}

/// Enter that some of a payment, or all that is left, was given back.
#[utoipa::path(post, path = "/v1/payments/{payment}/refunds", tag = "payments", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("payment" = String, Path, description = "Id of the payment"), CollectionQuery), request_body = RefundRequest, responses((status = 201, description = "Entered", body = PaymentAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["refund"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn refund_payment() {}

/// List the payments that a subject was asked to approve and that are kept.
#[utoipa::path(get, path = "/v1/subjects/{subject}/payments", tag = "payments", params(("subject" = String, Path, description = "What the caller calls the subject"), PaymentListQuery), responses((status = 200, description = "A page", body = PaymentList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_payments() {}

/// List the device keys of a subject, the oldest first.
#[utoipa::path(get, path = "/v1/subjects/{subject}/device-keys", tag = "subjects", params(("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery), responses((status = 200, description = "The device keys", body = DeviceKeyList), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn list_device_keys() {}

/// Begin to register a device key of a subject who agreed to payments: what the person's browser is to be asked.
#[utoipa::path(post, path = "/v1/subjects/{subject}/device-keys", tag = "subjects", params(("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body = DeviceKeyRequest, responses((status = 201, description = "Begun", body = DeviceKeyOpened), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn open_device_key() {}

/// Register the device key that the person's browser made, once.
#[utoipa::path(post, path = "/v1/subjects/{subject}/device-keys/{device_key}", tag = "subjects", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), ("device_key" = String, Path, description = "Id of the device key, or of its registration"), CollectionQuery, ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body = DeviceKeyAnswer, responses((status = 201, description = "Registered", body = DeviceKeyEntry), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn finish_device_key() {}

/// Remove a device key. Needs no holder part.
#[utoipa::path(delete, path = "/v1/subjects/{subject}/device-keys/{device_key}", tag = "subjects", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("subject" = String, Path, description = "What the caller calls the subject"), ("device_key" = String, Path, description = "Id of the device key, or of its registration"), CollectionQuery), responses((status = 204, description = "Removed"), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn remove_device_key() {}

/// Open a session in which the payer approves a payment, or does not. Its result is taken at `/v1/sessions/{session}`.
#[utoipa::path(post, path = "/v1/payments/{payment}/sessions", tag = "payments", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), ("payment" = String, Path, description = "Id of the payment"), CollectionQuery), request_body = PaymentSessionRequest, responses((status = 201, description = "Opened", body = SessionOpened), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["pay"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn open_payment_session() {}

/// Look at a document, and open a session that asks whether it is the person on it. Asking again opens another one.
#[utoipa::path(post, path = "/v1/documents", tag = "sessions", params(CollectionQuery), request_body(content((DocumentRequest = "application/json"), (DocumentForm = "multipart/form-data"))), responses((status = 200, description = "No session was opened: `cause` says why", body = DocumentAnswer), (status = 201, description = "Opened", body = DocumentAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["sessions"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn open_document() {}

/// Open a session: one question to one live person.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters, new for each request: asked again with the same, the answer is the same"), CollectionQuery), request_body = SessionRequest, responses((status = 201, description = "Opened", body = SessionOpened), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["sessions"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn open_session() {}

/// Show where a session stands, and take its signed result.
#[utoipa::path(get, path = "/v1/sessions/{session}", tag = "sessions", params(("session" = String, Path, description = "Id of the session")), responses((status = 200, description = "The session", body = SessionAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["sessions"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_session() {}

/// Cancel a session. A result that was not taken is gone.
#[utoipa::path(delete, path = "/v1/sessions/{session}", tag = "sessions", params(("session" = String, Path, description = "Id of the session")), responses((status = 204, description = "Canceled"), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["sessions"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn cancel_session() {}

/// Show what the person is asked.
#[utoipa::path(get, path = "/v1/capture/{session}", tag = "capture", params(("session" = String, Path, description = "Id of the session"), CaptureQuery), responses((status = 200, description = "What is asked", body = CaptureAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("capture" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_capture() {}

/// The person takes the way out.
#[utoipa::path(delete, path = "/v1/capture/{session}", tag = "capture", params(("session" = String, Path, description = "Id of the session")), responses((status = 204, description = "Canceled"), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("capture" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn decline_capture() {}

/// The person agrees.
#[utoipa::path(post, path = "/v1/capture/{session}/consent", tag = "capture", params(("session" = String, Path, description = "Id of the session")), request_body = ConsentGiven, responses((status = 200, description = "Frames may come", body = CaptureState), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("capture" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn agree_capture() {}

/// Send frames over a WebSocket; its messages stand in docs/spec/session-v1.md.
#[utoipa::path(get, path = "/v1/capture/{session}/frames", tag = "capture", params(("session" = String, Path, description = "Id of the session")), responses((status = 101, description = "The protocol `countenance.capture.v1`", body = CaptureMessage), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("capture" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn capture_socket() {}

/// Send frames without a WebSocket: 8 at most, one request at a time.
#[utoipa::path(post, path = "/v1/capture/{session}/frames", tag = "capture", params(("session" = String, Path, description = "Id of the session")), request_body = FrameBatch, responses((status = 200, description = "What the server says to them", body = FrameMessages), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("capture" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn capture_frames() {}

/// Open a link by which a subject sees and withdraws their own consents, with a passkey they have already. It ends the one before.
#[utoipa::path(post, path = "/v1/subjects/{subject}/consent-links", tag = "consents", params(("subject" = String, Path, description = "What the caller calls the subject"), CollectionQuery), request_body = ConsentLinkRequest, responses((status = 201, description = "Opened", body = ConsentLinkOpened), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["enroll"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn open_consent_link() {}

/// Show what a link asks of the person.
#[utoipa::path(get, path = "/v1/consent-links/{link}", tag = "own", params(("link" = String, Path, description = "Id of the link")), responses((status = 200, description = "What is asked", body = ConsentLinkAnswer), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("consents" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_consent_link() {}

/// Show a subject what they agreed to, if they prove who they are. It works once.
#[utoipa::path(post, path = "/v1/consent-links/{link}/consents", tag = "own", params(("link" = String, Path, description = "Id of the link"), ("Countenance-Holder" = Option<String>, Header, description = "The holder's part of the key, 64 hexadecimal digits, for a holder-bound subject")), request_body = OwnConsentsRequest, responses((status = 200, description = "The consents", body = OwnConsents), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("consents" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn show_own_consents() {}

/// Withdraw consents of one's own. A verification that is running stops, and templates go with the last consent.
#[utoipa::path(post, path = "/v1/consent-links/{link}/withdrawals", tag = "own", params(("link" = String, Path, description = "Id of the link")), request_body = OwnWithdrawalRequest, responses((status = 200, description = "Withdrawn", body = OwnWithdrawal), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("consents" = [])))]
#[allow(dead_code, reason = "it exists to be described")]
fn withdraw_own_consents() {}

/// What is done with faces here.
#[utoipa::path(get, path = "/policy", tag = "operation", responses((status = 200, description = "The policy", body = Policy), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(()))]
#[allow(dead_code, reason = "it exists to be described")]
fn policy() {}

/// The keys that sign audit checkpoints and erase receipts, and results of sessions.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "operation", responses((status = 200, description = "The keys", body = Jwks), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(()))]
#[allow(dead_code, reason = "it exists to be described")]
fn jwks() {}

/// Whether the process runs.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, description = "It runs", body = Health), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(()))]
#[allow(dead_code, reason = "it exists to be described")]
fn healthz() {}

/// Whether the server can serve.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses((status = 200, description = "It can", body = Health), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(()))]
#[allow(dead_code, reason = "it exists to be described")]
fn readyz() {}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", responses((status = 200, description = "OpenAPI 3.1", body = Object), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(()))]
#[allow(dead_code, reason = "it exists to be described")]
fn openapi() {}

/// This document as a page to read.
#[utoipa::path(get, path = "/docs", tag = "operation", responses((status = 200, description = "HTML without scripts", body = String, content_type = "text/html"), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(()))]
#[allow(dead_code, reason = "it exists to be described")]
fn reference() {}

/// Counters and times for OpenMetrics, of the whole server.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"), (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")), security(("key" = ["audit"])))]
#[allow(dead_code, reason = "it exists to be described")]
fn metrics() {}
