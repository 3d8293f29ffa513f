//! What mutations begin with: the golden files, which are every kind and message that there is, and files of
//! sales.

use std::path::{Path, PathBuf};

/// The most bytes that a kept input has.
pub const INPUT_BYTES: usize = 64 * 1024;

const GOLDEN: &[&str] =
    &["crates/documents/tests/golden", "crates/sync/tests/golden", "crates/replica/tests/golden"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where a target's kept inputs are.
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The golden change that makes a document of a kind.
pub fn document(kind: &str) -> Option<Vec<u8>> {
    bytes_of(&root().join(GOLDEN[0]).join(format!("{kind}.hex")))
}

/// What a target's mutations begin with, in an order that doesn't change: what was kept, then what is golden.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        files(&corpus(target)).iter().filter_map(|path| std::fs::read(path).ok()).collect();
    let golden: Vec<(String, Vec<u8>)> = GOLDEN
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .filter_map(|path| Some((path.display().to_string(), bytes_of(&path)?)))
        .collect();
    match target {
        "imports" => {
            let sales = std::fs::read(root().join("crates/cli/testdata/uci-excerpt.csv")).unwrap_or_default();
            // Each profile on the head of a real file.
            for pick in 0..4 {
                let mut seed = vec![pick];
                seed.extend(sales.iter().take(2_000));
                seeds.push(seed);
            }
        }
        "codec" => {
            for (_, bytes) in golden {
                // As it is where it is a whole body, and as the content of a plain one.
                seeds.push(bytes.clone());
                let mut body = vec![0];
                body.extend(bytes);
                seeds.push(body);
            }
        }
        _ => seeds.extend(golden.into_iter().map(|(_, bytes)| bytes)),
    }
    seeds.push(Vec::new());
    seeds
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}

/// A golden file's bytes: hexadecimal in lines, or text as it is.
fn bytes_of(path: &Path) -> Option<Vec<u8>> {
    let text = std::fs::read_to_string(path).ok()?;
    if path.extension().is_some_and(|e| e != "hex") {
        return Some(text.trim().as_bytes().to_vec());
    }
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| Some(c.to_digit(16)? as u8))
        .collect::<Option<_>>()?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
