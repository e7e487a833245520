//! Files that are damaged, hostile or not what their names say: a clear error, never a panic.

#![allow(
    clippy::big_endian_bytes,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, countenance, json, sample, stderr};
use std::fs;
use std::path::Path;
use std::process::Output;

/// Gives a file with some content to `detect`.
fn detect(name: &str, bytes: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    detect_file(&path)
}

fn detect_file(path: &Path) -> Output {
    countenance(["detect".as_ref(), path.as_os_str()])
}

/// One error line with the file's name and some words, one hint line, nothing else.
fn assert_refused(output: &Output, name: &str, words: &str) {
    assert_exit(output, 4);
    let said = stderr(output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("error: "), "{said}");
    assert!(
        lines[0].contains(name) && lines[0].contains(words),
        "{said}"
    );
    assert!(lines[1].starts_with("hint: "), "{said}");
}

#[test]
fn a_truncated_jpeg_is_refused() {
    let whole = fs::read(sample("obama2.jpg")).unwrap();
    let half = &whole[..whole.len() / 2];
    assert_refused(&detect("half.jpg", half), "half.jpg", "ends early");
}

#[test]
fn a_jpeg_named_png_is_read_all_the_same() {
    let bytes = fs::read(sample("obama2.jpg")).unwrap();
    assert_exit(&detect("photo.png", &bytes), 0);
}

#[test]
fn a_png_with_transparency_is_read() {
    assert_exit(&detect_file(&sample("32bit.png")), 0);
}

#[test]
fn a_header_of_65535_by_65535_is_refused_before_anything_is_allocated() {
    // Signature, IHDR (65535 x 65535, 8 bits, RGB) with its checksum, and an empty IDAT.
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(65_535_u32.to_be_bytes());
    header.extend(65_535_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    for chunk in [&header[..], b"IDAT"] {
        bytes.extend((chunk.len() as u32 - 4).to_be_bytes());
        bytes.extend(chunk);
        bytes.extend(crc32(chunk).to_be_bytes());
    }
    let start = std::time::Instant::now();
    let output = detect("huge.png", &bytes);
    assert_refused(&output, "huge.png", "65535 x 65535");
    assert!(start.elapsed().as_secs() < 20, "took {:?}", start.elapsed());
}

/// The checksum of PNG chunks (ISO/IEC 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

#[test]
fn words_named_jpg_are_refused() {
    assert_refused(
        &detect("words.jpg", b"not pixels"),
        "words.jpg",
        "no JPEG, PNG or WebP",
    );
}

#[test]
fn a_file_name_with_a_line_break_cannot_forge_a_line_of_output() {
    let output = detect("a\nerror: b", b"not pixels");
    assert_refused(&output, r"a\nerror: b", "no JPEG");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[cfg(unix)]
#[test]
fn an_endless_device_is_read_only_to_the_limit() {
    assert_refused(&detect_file(Path::new("/dev/zero")), "/dev/zero", "bytes");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.jpg");
    fs::write(&path, b"x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        eprintln!("SKIPPED: this user may read every file");
        return;
    }
    assert_refused(&detect_file(&path), "secret.jpg", "ermission denied");
}

#[test]
fn a_bad_picture_does_not_stop_the_next_and_json_tells_them_apart() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.jpg");
    fs::write(&bad, b"not pixels").unwrap();
    let good = sample("obama2.jpg");
    let output = countenance([
        "detect".as_ref(),
        bad.as_os_str(),
        good.as_os_str(),
        "--json".as_ref(),
    ]);
    assert_exit(&output, 4);
    let pictures = &json(&output)["pictures"];
    assert!(pictures[0]["error"].as_str().unwrap().contains("no JPEG"));
    assert!(pictures[0]["size"].is_null());
    assert!(pictures[1]["error"].is_null());
    assert_eq!(pictures[1]["faces"].as_array().unwrap().len(), 1);
    assert_eq!(pictures[1]["size"]["width"], 626);
    let face = &pictures[1]["faces"][0];
    assert_eq!(face["landmarks"].as_array().unwrap().len(), 5);
    assert!(face["detector_score"].as_f64().unwrap() > 0.6);
}

#[test]
fn drawings_of_pictures_of_one_name_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["a", "b"] {
        fs::create_dir(folder.path().join(part)).unwrap();
        fs::copy(
            sample("obama2.jpg"),
            folder.path().join(part).join("photo.jpg"),
        )
        .unwrap();
    }
    let (a, b) = (
        folder.path().join("a/photo.jpg"),
        folder.path().join("b/photo.jpg"),
    );
    let found = folder.path().join("found");
    let output = countenance([
        "detect".as_ref(),
        a.as_os_str(),
        b.as_os_str(),
        "--draw".as_ref(),
        found.as_os_str(),
    ]);
    assert_exit(&output, 0);
    assert!(found.join("photo.png").is_file() && found.join("photo-2.png").is_file());
}

#[test]
fn altered_weights_are_refused_with_the_file_and_both_digests() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = countenance_models::Manifest::shipped().unwrap();
    for model in manifest.models() {
        let name = model.file().name().to_owned();
        fs::write(folder.path().join(name), b"not weights").unwrap();
    }
    let photo = sample("obama2.jpg");
    let output = countenance([
        "detect".as_ref(),
        photo.as_os_str(),
        "--models".as_ref(),
        folder.path().as_os_str(),
    ]);
    assert_exit(&output, 4);
    let said = stderr(&output);
    let pinned = manifest
        .models()
        .iter()
        .map(|model| model.sha256.to_string());
    assert!(
        pinned.clone().any(|digest| said.contains(&digest)),
        "{said}"
    );
    let got = countenance_models::Sha256::of(b"not weights").to_string();
    assert!(said.contains(&got) && said.contains(".onnx"), "{said}");
    assert!(said.contains("hint: "), "{said}");
}

#[test]
fn a_program_that_asked_for_json_reads_an_error_in_json() {
    for (said, exit) in [
        (["verify", "nowhere.jpg", "either.jpg", "--json"], 4),
        (["verify", "--no-such-option", "a.jpg", "--json"], 2),
    ] {
        let output = countenance(said);
        assert_exit(&output, exit);
        assert!(output.stdout.is_empty());
        let told: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
        let keys: Vec<_> = told.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error", "hint"]);
        let named = told["error"].as_str().unwrap();
        assert!(named.contains(said[1]), "{named}");
    }
}
