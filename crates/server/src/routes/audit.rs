//! That the audit log was not rewritten.

use super::{ok, page_limit};
use crate::call::Call;
use crate::keys::hex;
use crate::refusal::{Answer, Refusal};
use crate::token;
use crate::wire;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_api::{
    CheckpointAnswer, Code, ConsistencyAnswer, ConsistencyQuery, EntriesAnswer, EntriesQuery,
    InclusionAnswer, InclusionQuery,
};
use countenance_core::vault::Hash;

pub(crate) async fn checkpoint(call: Call) -> Answer {
    let signed = call.platform.keep(|shared| {
        let now = shared.clock.now();
        Ok(shared.registry.vault().checkpoint(now)?)
    });
    let signed = signed.await?;
    ok(CheckpointAnswer {
        size: signed.size,
        root: hex(&signed.root),
        time: signed.time.unix(),
        vault: hex(&signed.vault),
        signed: STANDARD.encode(signed.bytes()),
    })
}

pub(crate) async fn entries(call: Call) -> Answer {
    let query: EntriesQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let from = query.from.unwrap_or(0);
    let page = call
        .platform
        .keep(move |shared| Ok(shared.registry.log_entries(from, limit)?));
    let page = page.await?;
    let next = page.entries.last().map(|last| last.leaf + 1);
    ok(EntriesAnswer {
        size: page.size,
        next: next.filter(|next| *next < page.size),
        entries: page.entries.iter().map(wire::log_entry).collect(),
    })
}

pub(crate) async fn inclusion(call: Call) -> Answer {
    let query: InclusionQuery = call.query()?;
    let leaf = query.leaf.parse().ok().or_else(|| {
        let leaves = token::leaves(call.platform.registry.vault());
        token::read(&leaves, &query.leaf)
    });
    let leaf = leaf.ok_or_else(|| {
        let detail = "`leaf` is neither an index nor the leaf of an answer";
        Refusal::of(Code::ParameterInvalid, detail)
    })?;
    let proof = call
        .platform
        .keep(move |shared| Ok(shared.registry.prove_inclusion(leaf, query.size)?));
    let proof = proof.await?;
    ok(InclusionAnswer {
        leaf: proof.leaf,
        leaf_hash: hex(&proof.leaf_hash),
        size: proof.size,
        root: hex(&proof.root),
        path: hashes(&proof.path),
    })
}

pub(crate) async fn consistency(call: Call) -> Answer {
    let query: ConsistencyQuery = call.query()?;
    let proof = call.platform.keep(move |shared| {
        Ok(shared
            .registry
            .prove_consistency(query.older, query.newer)?)
    });
    let proof = proof.await?;
    ok(ConsistencyAnswer {
        older: proof.older,
        older_root: hex(&proof.older_root),
        newer: proof.newer,
        newer_root: hex(&proof.newer_root),
        path: hashes(&proof.path),
    })
}

fn hashes(path: &[Hash]) -> Vec<String> {
    path.iter().map(|hash| hex(hash)).collect()
}
