//! The OpenAPI document as a page: plain HTML, without scripts and without anything from elsewhere.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("reference.css");

/// The page and what a browser may do with it.
pub(crate) struct Reference {
    page: String,
    policy: String,
}

impl Reference {
    /// Writes the page of a document.
    pub(crate) fn new(document: &Value) -> Self {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        Self {
            page: page(document),
            policy: format!(
                "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
        }
    }

    pub(crate) fn answer(&self) -> Response {
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Ok(policy) = HeaderValue::from_str(&self.policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        (headers, self.page.clone()).into_response()
    }
}

/// Text that goes into HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// Text of the document: what stands between backquotes is code.
fn prose(value: &Value) -> String {
    let mut out = String::new();
    for (at, part) in text(value).split('`').enumerate() {
        if at % 2 == 1 {
            out.push_str(&format!("<code>{}</code>", escaped(part)));
        } else {
            out.push_str(&escaped(part));
        }
    }
    out
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn page(document: &Value) -> String {
    let info = &document["info"];
    let title = escaped(text(&info["title"]));
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} API</title><style>{STYLE}</style></head><body>"
    );
    let (mut contents, mut body) = (String::new(), String::new());
    for tag in items(&document["tags"]) {
        let name = text(&tag["name"]);
        contents.push_str(&format!("<h2>{}</h2><ul>", escaped(name)));
        body.push_str(&format!(
            "<section><h2>{}</h2><p>{}</p>",
            escaped(name),
            prose(&tag["description"])
        ));
        for (path, item) in entries(&document["paths"]) {
            for (method, operation) in entries(item) {
                if items(&operation["tags"]).any(|tag| tag == name) {
                    let id = escaped(text(&operation["operationId"]));
                    contents.push_str(&format!(
                        "<li><a href=\"#{id}\"><b>{method}</b> {}</a></li>",
                        escaped(path)
                    ));
                    body.push_str(&described(&id, method, path, operation));
                }
            }
        }
        contents.push_str("</ul>");
        body.push_str("</section>");
    }
    contents.push_str("<h2>schemas</h2><ul>");
    body.push_str("<section><h2>schemas</h2>");
    for (name, schema) in entries(&document["components"]["schemas"]) {
        let name = escaped(name);
        contents.push_str(&format!("<li><a href=\"#s-{name}\">{name}</a></li>"));
        body.push_str(&format!(
            "<article id=\"s-{name}\"><h3>{name}</h3><p>{}</p>{}</article>",
            prose(&schema["description"]),
            fields(schema)
        ));
    }
    contents.push_str("</ul>");
    body.push_str("</section>");
    out.push_str(&format!(
        "<nav><h1>{title}</h1>{contents}</nav><main><p>{}</p><p>Errors are <a href=\"#s-Problem\">Problem</a>; those and these operations as <a href=\"/openapi.json\">OpenAPI</a>.</p>{body}</main></body></html>",
        prose(&info["description"])
    ));
    out
}

fn described(id: &str, method: &str, path: &str, operation: &Value) -> String {
    let scope = text(&operation["security"][0]["key"][0]);
    let access = if operation["security"][0]["capture"].is_array() {
        "capture token".to_owned()
    } else if scope.is_empty() {
        "public".to_owned()
    } else {
        format!("scope {}", escaped(scope))
    };
    let mut out = format!(
        "<article id=\"{id}\"><h3><b class=\"{method}\">{method}</b> {}</h3><p>{} <em>{access}</em></p>",
        escaped(path),
        prose(&operation["summary"])
    );
    let parameters: Vec<&Value> = items(&operation["parameters"]).collect();
    if !parameters.is_empty() {
        out.push_str("<table>");
        for parameter in parameters {
            out.push_str(&format!(
                "<tr><th>{}</th><td>{}{}</td><td>{}</td></tr>",
                escaped(text(&parameter["name"])),
                escaped(text(&parameter["in"])),
                if parameter["required"] == true {
                    ""
                } else {
                    ", optional"
                },
                prose(&parameter["description"])
            ));
        }
        out.push_str("</table>");
    }
    let body = &operation["requestBody"]["content"];
    out.push_str(&contents("asks", body));
    for (status, response) in entries(&operation["responses"]) {
        let label = format!("{status} {}", text(&response["description"]));
        let content = &response["content"];
        if content.is_object() {
            out.push_str(&contents(&label, content));
        } else {
            out.push_str(&format!("<p><b>{}</b></p>", escaped(&label)));
        }
    }
    out.push_str("</article>");
    out
}

fn contents(label: &str, content: &Value) -> String {
    let kinds: Vec<String> = entries(content)
        .map(|(kind, content)| format!("{} {}", escaped(kind), kind_of(&content["schema"])))
        .collect();
    if kinds.is_empty() {
        return String::new();
    }
    format!("<p><b>{}</b> {}</p>", escaped(label), kinds.join(" or "))
}

fn fields(schema: &Value) -> String {
    let mut out = String::new();
    for part in items(&schema["allOf"]) {
        out.push_str(&fields(part));
    }
    if schema["$ref"].is_string() {
        out.push_str(&format!("<p>all of {}</p>", kind_of(schema)));
    }
    let choices: Vec<String> = items(&schema["enum"])
        .map(|one| format!("<code>{}</code>", escaped(text(one))))
        .chain(items(&schema["oneOf"]).map(|one| {
            format!(
                "<code>{}</code> {}",
                escaped(text(&one["enum"][0])),
                prose(&one["description"])
            )
        }))
        .collect();
    if !choices.is_empty() {
        out.push_str(&format!("<p>one of {}</p>", choices.join(", ")));
    }
    if schema["properties"].is_object() {
        out.push_str("<table>");
        for (name, field) in entries(&schema["properties"]) {
            let needed = items(&schema["required"]).any(|one| one == name);
            out.push_str(&format!(
                "<tr><th>{}</th><td>{}{}</td><td>{}</td></tr>",
                escaped(name),
                kind_of(field),
                if needed { "" } else { ", optional" },
                prose(&field["description"])
            ));
        }
        out.push_str("</table>");
    }
    out
}

/// The type of a value, as a link where it has a name.
fn kind_of(schema: &Value) -> String {
    if let Some(name) = text(&schema["$ref"])
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
    {
        let name = escaped(name);
        return format!("<a href=\"#s-{name}\">{name}</a>");
    }
    let kind = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let kinds = kinds.iter().map(text).filter(|kind| *kind != "null");
            kinds.collect::<Vec<_>>().join(" or ")
        }
        _ => {
            let kinds = items(&schema["oneOf"]).chain(items(&schema["anyOf"]));
            let kinds: Vec<String> = kinds
                .filter(|one| one["type"] != "null")
                .map(kind_of)
                .collect();
            return kinds.join(" or ");
        }
    };
    if kind == "array" {
        return format!("list of {}", kind_of(&schema["items"]));
    }
    escaped(&kind)
}

#[cfg(test)]
mod tests {
    use super::page;
    use serde_json::json;

    #[test]
    fn every_operation_and_schema_is_on_the_page_and_nothing_of_it_runs_or_is_fetched() {
        let document = serde_json::to_value(countenance_api::document()).unwrap();
        let page = page(&document);
        for route in countenance_api::ROUTES {
            assert!(page.contains(route.path), "{}", route.path);
        }
        for name in document["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(page.contains(&format!("id=\"s-{name}\"")), "{name}");
        }
        for foreign in ["<script", "http://", "https://", "url(", "@import", "<img"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        // Each link within the page leads somewhere.
        for link in page.split("href=\"#").skip(1) {
            let target = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
    }

    #[test]
    fn text_of_the_document_cannot_become_markup() {
        let document = json!({"info": {"title": "<script>", "description": "`<b>` & \"x\""}});
        let page = page(&document);
        assert!(!page.contains("<script>") && page.contains("<code>&lt;b&gt;</code> &amp;"));
    }
}
