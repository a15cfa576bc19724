// Hashes, and files that are replaced whole.
#include "plugin/files.hpp"

#include <sys/resource.h>

#include <csignal>

#include "plugin/hash.hpp"
#include "support.hpp"

using namespace basin;

TEST_CASE("SHA-256 of FIPS 180-4's examples, at every split") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  std::string text;
  for (int i = 0; i < 200; i++) text += static_cast<char>(i * 7);
  for (size_t length = 0; length <= text.size(); length++) {
    Sha256 parts;
    parts.update(text.data(), length / 3);
    parts.update(text.data() + length / 3, length - length / 3);
    CHECK(parts.hex() == sha256(text.substr(0, length)));
  }
}

TEST_CASE("The processor's SHA instructions and the definition agree") {
  std::string bytes(64 * 50, '\0');
  uint32_t x = 1;
  for (char& c : bytes) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  uint32_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  sha256_blocks(a, data, 50);
  if (!sha256_blocks_fast(b, data, 50)) return;  // this machine has none
  for (int i = 0; i < 8; i++) CHECK(a[i] == b[i]);
}

TEST_CASE("A file's hash is that of its bytes") {
  Scratch scratch;
  put(scratch.path / "f", std::string(3000000, 'x'));
  CHECK(sha256_file(scratch.path / "f") == sha256(std::string(3000000, 'x')));
  CHECK(has(sentence_of([&] { sha256_file(scratch.path / "none"); }), "No such file"));
}

TEST_CASE("A file is replaced whole or stays as it was") {
  Scratch scratch;
  const auto file = scratch.path / "f";
  write_file(file, "old");
  write_file(file, "new");
  CHECK(read_file(file) == "new");
  {
    FileWriter half(file);
    half.write("half", 4);
  }  // never committed
  CHECK(read_file(file) == "new");
  CHECK(std::distance(fs::directory_iterator(scratch.path), {}) == 1);

  // A disk that fills up: this process may write 4096 bytes to a file.
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit limit = before;
  limit.rlim_cur = 4096;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::string sentence = sentence_of([&] { write_file(file, std::string(10000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(has(sentence, "cannot be written: File too large; the file that was there is as it was"));
  CHECK(read_file(file) == "new");
  CHECK(std::distance(fs::directory_iterator(scratch.path), {}) == 1);

  CHECK(has(sentence_of([&] { write_file(scratch.path / "no" / "f", "x"); }), "No such file or directory"));
  CHECK(has(sentence_of([&] { write_file("/proc/basin", "x"); }), "/proc/basin"));
  CHECK(has(sentence_of([&] { make_folders(file / "below"); }), "cannot be made"));
}
