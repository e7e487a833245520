use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use std::convert::Infallible;

#[derive(Default)]
struct Memory(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles for Memory {
    type Error = Infallible;
    fn tile(&mut self, level: u8, index: u64) -> Result<Vec<u8>, Infallible> {
        Ok(self.0.get(&(level, index)).cloned().unwrap_or_default())
    }
}

fn leaf(n: u64) -> Vec<u8> {
    let mut leaf = vec![1];
    leaf.extend(sha(&[&n.to_le_bytes()]));
    leaf
}

fn grown(sizes: &[u64]) -> Memory {
    let mut memory = Memory::default();
    let mut size = 0;
    for &next in sizes {
        let leaves = (size..next).map(|n| leaf_hash(&leaf(n)));
        let touched = append(&mut memory, size, leaves).unwrap();
        memory.0.extend(touched);
        size = next;
    }
    memory
}

fn flat(proof: &[u8]) -> Vec<Hash> {
    proof
        .chunks_exact(32)
        .map(|hash| hash.try_into().unwrap())
        .collect()
}

/// Roots and proofs of every size agree with the `ct-merkle` crate.
#[test]
fn roots_and_proofs_agree_with_an_independent_tree() {
    let mut oracle = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    let sizes: Vec<u64> = (1..=1100).collect();
    let mut memory = grown(&sizes);
    for size in 1..=1100u64 {
        oracle.push(leaf(size - 1));
        let mut tree = Tree::new(&mut memory);
        let root = tree.root(size).unwrap();
        assert_eq!(root[..], oracle.root().as_bytes()[..], "root of {size}");
        for index in [0, size / 3, size / 2, size - 1] {
            let path = tree.inclusion(index, size).unwrap();
            let theirs = oracle.prove_inclusion(index as usize);
            assert_eq!(
                path,
                flat(theirs.as_bytes()),
                "inclusion of {index} in {size}"
            );
            verify_inclusion(&leaf_hash(&leaf(index)), index, size, &root, &path).unwrap();
        }
        for older in [1, size / 3, size / 2, size - 1, size] {
            let older_root = tree.root(older).unwrap();
            let path = tree.consistency(older, size).unwrap();
            if older > 0 && older < size {
                let theirs = oracle.prove_consistency((size - older) as usize);
                assert_eq!(
                    path,
                    flat(theirs.as_bytes()),
                    "consistency of {older} in {size}"
                );
            }
            verify_consistency(older, &older_root, size, &root, &path).unwrap();
        }
    }
}

#[test]
fn appending_in_batches_gives_the_tree_of_appending_one_by_one() {
    let mut single = grown(&(1..=2100).collect::<Vec<_>>());
    let mut batches = grown(&[1, 31, 32, 33, 1023, 1024, 1100, 2100]);
    assert_eq!(single.0, batches.0);
    let root = Tree::new(&mut single).root(2100).unwrap();
    assert_eq!(root, Tree::new(&mut batches).root(2100).unwrap());
}

#[test]
fn an_altered_proof_is_refused() {
    let mut memory = grown(&[77]);
    let mut tree = Tree::new(&mut memory);
    let root = tree.root(77).unwrap();
    let path = tree.inclusion(40, 77).unwrap();
    let hash = leaf_hash(&leaf(40));
    assert!(verify_inclusion(&hash, 40, 77, &root, &path).is_ok());
    assert!(verify_inclusion(&hash, 41, 77, &root, &path).is_err());
    assert!(verify_inclusion(&leaf_hash(&leaf(41)), 40, 77, &root, &path).is_err());
    assert!(verify_inclusion(&hash, 40, 77, &root, &path[1..]).is_err());
    assert!(verify_inclusion(&hash, 77, 77, &root, &path).is_err());
    let older = tree.root(50).unwrap();
    let path = tree.consistency(50, 77).unwrap();
    assert!(verify_consistency(50, &older, 77, &root, &path).is_ok());
    for at in 0..path.len() {
        let mut altered = path.clone();
        altered[at][0] ^= 1;
        assert!(
            verify_consistency(50, &older, 77, &root, &altered).is_err(),
            "step {at}"
        );
    }
    assert!(verify_consistency(49, &older, 77, &root, &path).is_err());
    assert!(verify_consistency(78, &older, 77, &root, &path).is_err());
}

#[test]
fn a_missing_tile_is_noticed() {
    let mut memory = grown(&[40]);
    memory.0.remove(&(0, 1));
    assert!(matches!(
        Tree::new(&mut memory).root(40),
        Err(ReadError::Short)
    ));
}
