//! The names in a Rust file.

use super::words::{DenyList, Finding};
use anyhow::{Context as _, Result};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Denied names in a Rust file: those it declares, and its one-word strings.
///
/// Names it only uses are another file's, or another crate's: `std::panic::Location` is not ours.
pub(super) fn findings(name: &str, text: &str, list: &DenyList) -> Result<Vec<Finding>> {
    let file = syn::parse_file(text).with_context(|| format!("cannot parse {name}"))?;
    let mut reader = Reader {
        name,
        list,
        findings: Vec::new(),
    };
    reader.visit_file(&file);
    Ok(reader.findings)
}

struct Reader<'a> {
    name: &'a str,
    list: &'a DenyList,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn declared(&mut self, ident: &Ident) {
        self.look(ident.span(), &ident.to_string());
    }

    fn look(&mut self, span: Span, text: &str) {
        let place = format!("{}:{}", self.name, span.start().line);
        self.findings.extend(self.list.find(&place, text));
    }

    /// One word is a key or a name; a CREATE TABLE is full of names; all else is prose.
    fn string(&mut self, span: Span, text: &str) {
        let key =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '{' | '}');
        if text.chars().all(key) {
            self.look(span, text);
        } else if text.to_ascii_lowercase().contains("create table") {
            for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
                self.look(span, word);
            }
        }
    }

    /// Macro arguments are tokens without structure: strings count, and so do names before
    /// a colon, which are fields of a struct or of a log event.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.string(text.span(), &text.value());
                    }
                }
                TokenTree::Ident(ident) => {
                    let assigns = |c: char| c == ':' || c == '=';
                    if let Some(TokenTree::Punct(next)) = tokens.peek()
                        && assigns(next.as_char())
                        && next.spacing() == proc_macro2::Spacing::Alone
                    {
                        self.declared(&ident);
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

macro_rules! declarations {
    ($($method:ident($node:ty) $($field:ident).+;)*) => {
        $(
            fn $method(&mut self, node: &'ast $node) {
                self.declared(&node.$($field).+);
                visit::$method(self, node);
            }
        )*
    };
}

impl<'ast> Visit<'ast> for Reader<'_> {
    declarations! {
        visit_item_struct(syn::ItemStruct) ident;
        visit_item_enum(syn::ItemEnum) ident;
        visit_item_union(syn::ItemUnion) ident;
        visit_item_trait(syn::ItemTrait) ident;
        visit_item_type(syn::ItemType) ident;
        visit_item_const(syn::ItemConst) ident;
        visit_item_static(syn::ItemStatic) ident;
        visit_item_mod(syn::ItemMod) ident;
        visit_variant(syn::Variant) ident;
        visit_signature(syn::Signature) ident;
        visit_impl_item_const(syn::ImplItemConst) ident;
        visit_impl_item_type(syn::ImplItemType) ident;
        visit_trait_item_const(syn::TraitItemConst) ident;
        visit_trait_item_type(syn::TraitItemType) ident;
        visit_pat_ident(syn::PatIdent) ident;
    }

    fn visit_field(&mut self, node: &'ast syn::Field) {
        if let Some(ident) = &node.ident {
            self.declared(ident);
        }
        visit::visit_field(self, node);
    }

    fn visit_use_rename(&mut self, node: &'ast syn::UseRename) {
        self.declared(&node.rename);
    }

    fn visit_item_macro(&mut self, node: &'ast syn::ItemMacro) {
        if let Some(ident) = &node.ident {
            self.declared(ident);
        }
        visit::visit_item_macro(self, node);
    }

    fn visit_lit_str(&mut self, node: &'ast syn::LitStr) {
        self.string(node.span(), &node.value());
    }

    fn visit_macro(&mut self, node: &'ast syn::Macro) {
        self.tokens(node.tokens.clone());
    }

    fn visit_attribute(&mut self, node: &'ast syn::Attribute) {
        match &node.meta {
            syn::Meta::Path(_) => {}
            syn::Meta::List(list) => self.tokens(list.tokens.clone()),
            // Documentation is prose; it may say what the project refuses.
            syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => {}
            syn::Meta::NameValue(pair) => self.visit_expr(&pair.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::LIST;
    use super::super::words::DenyList;
    use super::findings;

    fn found(text: &str) -> Vec<String> {
        let list = DenyList::parse(LIST).unwrap();
        let findings = findings("x.rs", text, &list).unwrap();
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn denied_names_are_found_wherever_they_are_declared() {
        let cases = [
            "struct AgeOfSubject;",
            "struct Face { gender: u8 }",
            "enum Answer { Emotion(u8) }",
            "trait GuessEthnicity {}",
            "fn estimate_age() {}",
            "fn f(latitude: f64) {}",
            "fn f() { let mood = 1; }",
            "struct S; impl S { fn open_rtsp(&self) {} }",
            "struct CameraStream;",
            "const WATCHLIST: u8 = 1;",
            "mod gps {}",
            "type Race = u8;",
            "static VIDEO_STREAM: u8 = 1;",
            "use a::B as Gender;",
            "macro_rules! gender { () => {} }",
            "fn f() -> &'static str { \"watch_list\" }",
            "fn f() -> &'static str { \"/v1/watch-list/{id}\" }",
            "fn f() { json!({\"gender\": 1}); }",
            "fn f() { info!(location = 1); }",
            "struct S { #[serde(rename = \"age\")] a: u8 }",
            "#[cfg(feature = \"emotion\")] fn f() {}",
            "fn f() { sql(\"CREATE_TABLE subject (id INTEGER, age INTEGER)\"); }",
            "fn f() { sql(concat!(\"create_table t (gps_fix BLOB)\")); }",
        ];
        for case in cases {
            // Written with a gap, or this test's own strings would be taken for tables.
            let case = case
                .replace("_TABLE ", " TABLE ")
                .replace("_table ", " table ");
            assert_eq!(found(&case).len(), 1, "{case}: {:?}", found(&case));
        }
    }

    #[test]
    fn the_place_is_a_file_and_a_line() {
        assert_eq!(found("\n\nfn gender() {}"), ["x.rs:3: gender has gender"]);
    }

    #[test]
    fn prose_and_names_of_others_are_not_found() {
        let cases = [
            "/// Never guesses gender, age or mood.\nfn f() {}",
            "use std::panic::Location;",
            "fn f() { g(\"no gender, no age\"); }",
            "fn f(x: &std::panic::Location<'_>) {}",
            "fn f() { age::encrypt(); }",
            "struct ByteStream;",
            "fn image_size() {}",
        ];
        for case in cases {
            assert_eq!(found(case), [""; 0], "{case}");
        }
    }
}
