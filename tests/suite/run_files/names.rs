//! Which names are files of a run, and what may stand under them.

use std::fs;
use std::os::unix::fs::symlink;

use callboard::grpc::pb;
use tonic::Code;

use super::{append, follow, listing, read, read_all, with_run, write};
use crate::client::{assert_refused, reason};

#[tokio::test]
async fn names_that_climb_out_are_refused_and_nothing_is_written() {
    let (server, mut client, _) = with_run().await;
    let around = server.root().parent().expect("a folder").to_owned();
    let before = listing(&around);
    let long = format!("logs/{}", "x".repeat(256));
    for (file, expected) in [
        ("../x", "PATH_TRAVERSAL"),
        ("..", "PATH_TRAVERSAL"),
        ("/etc/passwd", "PATH_TRAVERSAL"),
        ("logs/../../x", "PATH_TRAVERSAL"),
        ("logs/..", "PATH_TRAVERSAL"),
        ("logs/a/b", "PATH_TRAVERSAL"),
        ("logs//etc/passwd", "PATH_TRAVERSAL"),
        ("logs/.", "PATH_TRAVERSAL"),
        ("", "REQUIRED_FIELD"),
        ("run-info.yaml", "INVALID_FIELD"),
        ("agent-stdout.txt", "INVALID_FIELD"),
        ("Stdout", "INVALID_FIELD"),
        ("logs", "INVALID_FIELD"),
        ("logs/", "INVALID_FIELD"),
        ("logs/.hidden", "INVALID_FIELD"),
        ("logs/a\0b", "INVALID_FIELD"),
        ("logs/a\nb", "INVALID_FIELD"),
        (&long, "INVALID_FIELD"),
    ] {
        let refusals = [
            client.write_run_file(write(file, b"x")).await.map(|_| ()),
            client.append_run_output(append(file, None, b"x")).await.map(|_| ()),
            client.0.read_run_file(read(file)).await.map(|_| ()),
            client.0.read_run_file(follow(file)).await.map(|_| ()),
        ];
        for refusal in refusals {
            assert_refused(refusal, Code::InvalidArgument, expected, "file");
        }
    }
    // Fine to read where they exist, but not to make.
    for file in ["logs/a b", "logs/x.lock", "logs/-x", "logs/ü.txt", "logs/a..tmp"] {
        for refusal in [
            client.write_run_file(write(file, b"x")).await.map(|_| ()),
            client.append_run_output(append(file, None, b"x")).await.map(|_| ()),
        ] {
            assert_refused(refusal, Code::InvalidArgument, "INVALID_ID", "file");
        }
        let refused = client.0.read_run_file(read(file)).await;
        assert_refused(refused, Code::NotFound, "RUN_FILE_NOT_FOUND", file);
    }
    assert_eq!(listing(&around), before);
}

#[tokio::test]
async fn logs_of_any_name_are_listed_in_order_and_read() {
    let (_server, mut client, folder) = with_run().await;
    let list = |page_size, page_token: String| pb::ListRunFilesRequest {
        run_id: "r".into(),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = client.list_run_files(list(0, String::new())).await.expect("a list");
    assert_eq!((page.files, page.next_page_token), (Vec::new(), String::new()));
    for (name, content) in
        [("a b.log", "1"), ("ü", "22"), ("z", "333"), (".hidden", "x"), ("a..b", "")]
    {
        fs::write(folder.join("logs").join(name), content).expect("written");
    }
    fs::create_dir(folder.join("logs/folder")).expect("a folder");
    client.append_run_output(append("stderr", None, b"error")).await.expect("appended");
    client.write_run_file(write("prompt", b"do it")).await.expect("written");
    let expected = [
        ("prompt", 5),
        ("stderr", 5),
        ("logs/a b.log", 1),
        ("logs/a..b", 0),
        ("logs/z", 3),
        ("logs/ü", 2),
    ];
    for page_size in [1, 2, 5, 6, 1000] {
        let (mut files, mut token) = (Vec::new(), String::new());
        loop {
            let page = client.list_run_files(list(page_size, token)).await.expect("a page");
            assert!(page.files.len() <= usize::try_from(page_size).expect("a size"));
            files.extend(page.files);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let listed: Vec<(&str, i64)> =
            files.iter().map(|file| (file.file.as_str(), file.size)).collect();
        assert_eq!(listed, expected, "{page_size} a page");
        assert!(files.iter().all(|file| file.modified_at.is_some()));
    }
    for (file, size) in expected {
        let bytes = read_all(&mut client, read(file)).await;
        assert_eq!(i64::try_from(bytes.len()).expect("a size"), size, "{file}");
    }
    for token in ["x", "f1.", "f1.../x", "p1.demo"] {
        let refused = client.list_run_files(list(0, token.into())).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "page token");
    }
}

#[tokio::test]
async fn a_symlink_where_a_file_belongs_is_refused_and_what_it_points_to_is_left() {
    let (server, mut client, folder) = with_run().await;
    let outside = server.root().parent().expect("a folder").join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("secret"), "secret").expect("written");
    symlink(outside.join("secret"), folder.join("agent-stdout.txt")).expect("a link");
    symlink(outside.join("secret"), folder.join("logs/link")).expect("a link");
    symlink(outside.join("unmade"), folder.join("logs/dangling")).expect("a link");
    fs::create_dir(folder.join("logs/folder")).expect("a folder");
    let before = listing(&outside);
    let check = async |client: &mut crate::storage_client::StorageClient, file: &str| {
        for refusal in [
            client.append_run_output(append(file, None, b"x")).await.map(|_| ()),
            client.0.read_run_file(read(file)).await.map(|_| ()),
            client.0.read_run_file(follow(file)).await.map(|_| ()),
        ] {
            let status = refusal.expect_err(file);
            assert_eq!(reason(&status), "NOT_A_REGULAR_FILE", "{file}: {status:?}");
            assert_eq!(status.code(), Code::FailedPrecondition);
        }
        // Replacing one follows it no more than the others do.
        let status = client.write_run_file(write(file, b"x")).await.expect_err(file);
        assert_eq!(reason(&status), "NOT_A_REGULAR_FILE", "{file}: {status:?}");
    };
    for file in ["stdout", "logs/link", "logs/dangling", "logs/folder"] {
        check(&mut client, file).await;
    }
    // The folder of logs as a whole.
    fs::remove_dir_all(folder.join("logs")).expect("removed");
    symlink(&outside, folder.join("logs")).expect("a link");
    check(&mut client, "logs/secret").await;
    check(&mut client, "logs/new").await;
    assert_eq!(listing(&outside), before);
}
