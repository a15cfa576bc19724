// Run folders: identity, numbers, locks, rows, results, and what a crash or a careless hand leaves behind.
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "run/environment.hpp"
#include "run/tensorboard.hpp"
#include "support.hpp"

using namespace basin;

namespace {

TEST_CASE("A new run has a numbered folder with everything in its place") {
  Scratch scratch;
  const auto root = scratch.path / "deep" / "runs";
  put(scratch.path / "s.lua", "print 'hello'\n");
  auto run = open_run(root, "sam-cifar10", {{"lr", 0.1}},
                      {{"command", "basin run s.lua"},
                       {"script", (scratch.path / "s.lua").string()},
                       {"options", {{{"name", "lr"}, {"value", 0.1}, {"origin", "s.lua:3"}}}}});
  CHECK(run->folder() == root / "00001-sam-cifar10");
  CHECK_FALSE(run->existed());
  CHECK(run->segment() == 0);
  CHECK(run->hash().size() == 64);
  CHECK(get(run->folder() / "script.lua") == "print 'hello'\n");
  CHECK(fs::is_directory(run->checkpoints()));
  CHECK(fs::is_directory(run->samples()));
  auto record = json::parse(get(run->folder() / "run.json"));
  CHECK(record["name"] == "sam-cifar10");
  CHECK(record["hash"] == run->hash());
  CHECK(record["seed"] == 7);
  CHECK(record["precision"] == "bf16");
  CHECK(record["command"] == "basin run s.lua");
  CHECK(record["options"][0]["origin"] == "s.lua:3");
  CHECK(record["versions"]["libtorch"].is_string());
  CHECK(record["hardware"]["cores"] >= 1);
  CHECK(open_run(root, "other")->folder() == root / "00002-other");
}

TEST_CASE("The same identity finds its folder again; anything that changes numbers does not") {
  Scratch scratch;
  std::string hash;
  {
    auto run = open_run(scratch.path);
    hash = run->hash();
    run->log("first");
  }
  {
    auto run = open_run(scratch.path);
    CHECK(run->folder() == scratch.path / "00001-sam-cifar10");
    CHECK(run->existed());
    CHECK(run->segment() == 1);
    CHECK(run->hash() == hash);
    CHECK(has(get(run->folder() / "log.txt"), "first"));
  }
  CHECK(open_run(scratch.path)->segment() == 2);
  CHECK(open_run(scratch.path, "sam-cifar10", {{"lr", 0.2}})->folder().filename() == "00002-sam-cifar10");
  CHECK(open_run(scratch.path, "other")->folder().filename() == "00003-other");
  CHECK(Run::open(scratch.path, {"sam-cifar10", 8, "auto", "bf16"}, {{"lr", 0.1}}, {}, false)->folder().filename() ==
        "00004-sam-cifar10");
  CHECK(Run::open(scratch.path, {"sam-cifar10", 7, "auto", "fp32"}, {{"lr", 0.1}}, {}, false)->folder().filename() ==
        "00005-sam-cifar10");
  CHECK(Run::open(scratch.path, {"sam-cifar10", 7, "cuda", "bf16"}, {{"lr", 0.1}}, {}, false)->hash() == hash);
  CHECK(open_run(scratch.path, "sam-cifar10", {{"lr", 0.1}}, json::object(), true)->folder().filename() ==
        "00006-sam-cifar10");
  CHECK(open_run(scratch.path)->folder().filename() == "00006-sam-cifar10");  // the freshest of one identity
}

TEST_CASE("What changed between two starts is remembered, what did not is not repeated") {
  Scratch scratch;
  open_run(scratch.path, "r", {}, {{"command", "one"}, {"options", {1, 2}}});
  open_run(scratch.path, "r", {}, {{"command", "two"}, {"options", {1, 2}}});
  auto record = json::parse(get(scratch.path / "00001-r" / "run.json"));
  CHECK(record["command"] == "one");
  REQUIRE(record["starts"].size() == 1);
  CHECK(record["starts"][0]["command"] == "two");
  CHECK_FALSE(record["starts"][0].contains("options"));
  CHECK_FALSE(record["starts"][0].contains("hardware"));
}

TEST_CASE("A run that is open: the same object here, a sentence with the process elsewhere") {
  Scratch scratch;
  auto run = open_run(scratch.path);
  CHECK(open_run(scratch.path) == run);
  const std::string pid = std::to_string(::getpid());
  // A process without this one's memory of what is open, as another program would be.
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  const std::string command = "BASIN_TEST_ROOT='" + scratch.path.string() + "' '" + program + "' '[elsewhere]' > '" +
                              (scratch.path / "out").string() + "' 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  const std::string sentence = get(scratch.path / "sentence");
  CHECK(has(sentence, "is open in process " + pid));
  CHECK(has(sentence, "00001-sam-cifar10"));
  run.reset();
  CHECK(std::system(command.c_str()) == 0);
  CHECK(get(scratch.path / "sentence") == "");
}

TEST_CASE("(run by the test above)", "[.][elsewhere]") {
  const char* root = std::getenv("BASIN_TEST_ROOT");
  if (!root) return;
  put(fs::path(root) / "sentence", sentence_of([&] { open_run(root); }));
}

TEST_CASE("Many processes that begin at once get a folder each") {
  Scratch scratch;
  std::vector<pid_t> children;
  for (int i = 0; i < 12; i++) {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 1;
      try {
        code = open_run(scratch.path, "p" + std::to_string(i % 3), {{"i", i}})->existed() ? 2 : 0;
      } catch (...) {
      }
      ::_exit(code);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  auto runs = list_runs(scratch.path);
  REQUIRE(runs.size() == 12);
  for (size_t i = 0; i < runs.size(); i++) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%05zu-p", i + 1);
    CHECK(runs[i].folder.filename().string().starts_with(digits));
    CHECK(runs[i].problem.empty());
  }
}

TEST_CASE("A process that is killed leaves a run that can be opened again") {
  Scratch scratch;
  const pid_t child = ::fork();
  if (child == 0) {
    auto run = open_run(scratch.path);
    run->set_state({{"status", "running"}, {"step", 3}});
    run->metrics({{"step", 3}, {"loss", 1.0}});
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  auto run = open_run(scratch.path);
  CHECK(run->existed());
  CHECK(run->state()["status"] == "running");
  CHECK(run->read_metrics().size() == 1);
}

TEST_CASE("A run that is closed while it runs was interrupted; one that is finished stays so") {
  Scratch scratch;
  {
    auto run = open_run(scratch.path);
    run->set_state({{"status", "running"}, {"steps", 100}});
    run->set_state({{"step", 50}});
    CHECK(run->state()["steps"] == 100);
  }
  CHECK(list_runs(scratch.path)[0].record["state"]["status"] == "interrupted");
  {
    auto run = open_run(scratch.path);
    run->set_state({{"status", "finished"}});
  }
  auto state = list_runs(scratch.path)[0].record["state"];
  CHECK(state["status"] == "finished");
  CHECK(state["step"] == 50);
}

TEST_CASE("Rows: one line each, the latest start wins, and what a crash cut short is dropped") {
  Scratch scratch;
  {
    auto run = open_run(scratch.path);
    for (int step = 10; step <= 50; step += 10) run->metrics({{"step", step}, {"loss", 1.0 * step}});
    run->metrics({{"step", 50}, {"note", "same step"}});
    CHECK(run->read_metrics().back() == json{{"step", 50}, {"loss", 50.0}, {"note", "same step"}, {"segment", 0}});
  }
  const auto file = scratch.path / "00001-sam-cifar10" / "metrics.jsonl";
  put(file, get(file) + "{\"step\": 60, \"lo");
  CHECK(read_metrics(file.parent_path()).size() == 5);
  {
    auto run = open_run(scratch.path);  // goes on from a checkpoint of step 20
    run->metrics({{"step", 30}, {"loss", 0.5}, {"bad", std::nan("")}});
    auto rows = run->read_metrics();
    REQUIRE(rows.size() == 3);
    CHECK(rows[1]["step"] == 20);
    CHECK(rows[1]["loss"] == 20.0);
    CHECK(rows[2]["loss"] == 0.5);
    CHECK(rows[2]["segment"] == 1);
    CHECK(rows[2]["bad"].is_null());
  }
  CHECK_FALSE(has(get(file), "\"lo{"));
  auto run = open_run(scratch.path);
  CHECK(has(sentence_of([&] { run->metrics({{"loss", 1}}); }), "\"step\""));
  put(file, get(file) + "not json\n[1]\n{\"step\": \"x\"}\n");
  CHECK(run->read_metrics().size() == 3);
  CHECK(read_metrics(scratch.path / "nowhere").empty());
}

TEST_CASE("Rows and log lines of several threads do not mix") {
  Scratch scratch;
  auto run = open_run(scratch.path);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; i++) {
        run->metrics({{"step", t * 50 + i}});
        run->log("line " + std::to_string(t));
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(run->read_metrics().size() == 200);
  const std::string log = get(run->folder() / "log.txt");
  CHECK(std::count(log.begin(), log.end(), '\n') == 200);
  CHECK(log.substr(4, 1) == "-");  // 2026-...
}

TEST_CASE("Results: written whole, read back, by a key that is a file's name") {
  Scratch scratch;
  auto run = open_run(scratch.path);
  CHECK_FALSE(run->result("fid-0123"));
  run->record("fid-0123", {{"metric", "fid"}, {"scalars", {{{"name", "fid"}, {"value", 1.5}}}}});
  CHECK((*run->result("fid-0123"))["scalars"][0]["value"] == 1.5);
  record_result(run->folder(), "fid-0123", {{"metric", "kid"}});
  CHECK((*read_result(run->folder(), "fid-0123"))["metric"] == "kid");
  for (const char* key : {"", "../x", "a/b", ".hidden", "a b"})
    CHECK(has(sentence_of([&] { run->record(key, 1); }), "letters, digits"));
  put(run->folder() / "results" / "broken.json", "{");
  CHECK(has(sentence_of([&] { run->result("broken"); }), "is no JSON"));
}

TEST_CASE("Folders that a hand has changed are passed over with a sentence") {
  Scratch scratch;
  open_run(scratch.path, "good");
  auto broken = [&](const std::string& folder, const std::string& record) {
    fs::create_directory(scratch.path / folder);
    if (!record.empty()) put(scratch.path / folder / "run.json", record);
  };
  broken("00002-empty", "");
  broken("00003-cut", "{\"name\": \"x\"");
  broken("00004-list", "[1, 2]");
  broken("00005-types", "{\"name\": 3, \"hash\": []}");
  broken("00006-binary", std::string("\xff\x00\x01", 3));
  fs::create_directory(scratch.path / "00007-folder");
  fs::create_directory(scratch.path / "00007-folder" / "run.json");
  fs::create_directory(scratch.path / "notes");
  fs::create_directory(scratch.path / "7-short");
  put(scratch.path / "00008-file", "x");
  auto runs = list_runs(scratch.path);
  REQUIRE(runs.size() == 7);
  CHECK(runs[0].problem.empty());
  for (size_t i = 1; i < runs.size(); i++) {
    INFO(runs[i].problem);
    CHECK(has(runs[i].problem, runs[i].folder.string()));
    CHECK(has(runs[i].problem, "passed over"));
  }
  auto run = open_run(scratch.path, "next");
  CHECK(run->folder().filename() == "00008-next");  // a number is not given twice
  CHECK(has(get(run->folder() / "log.txt"), "00003-cut"));
  CHECK(list_runs(scratch.path / "nowhere").empty());
}

TEST_CASE("A record whose parts were changed by hand is mended where it is opened") {
  Scratch scratch;
  open_run(scratch.path);
  const auto file = scratch.path / "00001-sam-cifar10" / "run.json";
  auto record = json::parse(get(file));
  record["state"] = "finished";
  record["starts"] = 3;
  put(file, record.dump());
  auto run = open_run(scratch.path);
  CHECK(run->existed());
  CHECK(run->state() == json::object());
  run->set_state({{"step", 1}});
  CHECK(run->state()["step"] == 1);
}

TEST_CASE("Names that are no folder's names are refused") {
  Scratch scratch;
  for (const char* name : {"", "a/b", "..", ".x", "a b", "x\n", "\xc3\xa9"})
    CHECK(has(sentence_of([&] { open_run(scratch.path, name); }), "cannot be called"));
  CHECK(has(sentence_of([&] { open_run(scratch.path, std::string(101, 'a')); }), "at most 100"));
  CHECK(fs::is_empty(scratch.path));
}

TEST_CASE("A full disk or a folder that cannot be written is one sentence, and nothing is lost") {
  Scratch scratch;
  put(scratch.path / "file", "x");
  CHECK(has(sentence_of([&] { open_run(scratch.path / "file"); }), "cannot be made"));
  CHECK(has(sentence_of([&] {
              open_run(scratch.path, "r", {}, {{"script", "/no/such/script.lua"}});
            }),
            "No such file"));
  CHECK(list_runs(scratch.path).empty());  // and no half of a folder stays

  auto run = open_run(scratch.path);
  run->set_state({{"status", "running"}});
  run->metrics({{"step", 1}, {"loss", 0.5}});
  const auto metrics = run->folder() / "metrics.jsonl";
  const std::string before = get(metrics), record = get(run->folder() / "run.json");
  struct rlimit old {};
  ::getrlimit(RLIMIT_FSIZE, &old);
  struct rlimit limit = old;
  limit.rlim_cur = before.size() + 10;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  auto row = sentence_of([&] { run->metrics({{"step", 2}, {"loss", 0.25}}); });
  auto state = sentence_of([&] { run->set_state({{"step", 2}}); });
  auto result = sentence_of([&] { run->record("r", std::string(1000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(has(row, "metrics.jsonl' cannot be written: File too large"));
  CHECK(has(state, "run.json' cannot be written"));
  CHECK(has(result, "cannot be written"));
  CHECK(get(metrics) == before);
  CHECK(get(run->folder() / "run.json") == record);
  run->metrics({{"step", 2}, {"loss", 0.25}});
  CHECK(run->read_metrics().size() == 2);

  if (::geteuid() != 0) {  // to root, every folder is writable
    fs::create_directory(scratch.path / "locked");
    fs::permissions(scratch.path / "locked", fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(has(sentence_of([&] { open_run(scratch.path / "locked"); }), "Permission denied"));
  }
}

TEST_CASE("TensorBoard events: checksums and values") {
  CHECK(crc32c("123456789", 9) == 0xe3069283u);  // RFC 3720's polynomial; the usual check value
  Scratch scratch;
  {
    EventWriter writer(scratch.path, 0);
    writer.scalars(3, {{"loss", 0.5}, {"rate", 2.0}});
  }
  EventWriter restarted(scratch.path, 40);
  const auto read = [](const std::string& bytes) {  // the records' bodies; "" where a checksum is wrong
    std::vector<std::string> bodies;
    auto masked = [](const char* p, size_t n) {
      const uint32_t crc = crc32c(p, n);
      return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    };
    for (size_t at = 0; at < bytes.size();) {
      uint64_t length = 0;
      uint32_t crc = 0;
      std::memcpy(&length, bytes.data() + at, 8);
      std::memcpy(&crc, bytes.data() + at + 8, 4);
      REQUIRE(crc == masked(bytes.data() + at, 8));
      REQUIRE(at + 16 + length <= bytes.size());
      std::memcpy(&crc, bytes.data() + at + 12 + length, 4);
      REQUIRE(crc == masked(bytes.data() + at + 12, length));
      bodies.push_back(bytes.substr(at + 12, length));
      at += 16 + length;
    }
    return bodies;
  };
  for (const auto& entry : fs::directory_iterator(scratch.path)) {
    CHECK(has(entry.path().filename().string(), "events.out.tfevents."));
    auto bodies = read(get(entry.path()));
    REQUIRE(bodies.size() == 2);
    CHECK(has(bodies[0], "brain.Event:2"));
    CHECK(bodies[1][0] == 0x09);  // field 1, 8 bytes: wall time
    CHECK(bodies[1][9] == 0x10);  // field 2, varint: step
    if (entry.path() == restarted.file()) {
      CHECK(bodies[1].substr(10) == std::string("\x28\x3a\x02\x08\x01", 5));  // step 40, session_log { status: START }
    } else {
      std::string half("\x15\x00\x00\x00\x3f", 5);  // simple_value: 0.5
      CHECK(bodies[1][10] == 3);
      CHECK(has(bodies[1], "\x0a\x04loss" + half));
      CHECK(has(bodies[1], "rate"));
    }
  }
}

TEST_CASE("A run writes events beside its rows") {
  Scratch scratch;
  auto run = open_run(scratch.path);
  run->metrics({{"step", 1}, {"loss", 0.5}, {"text", "x"}});
  int files = 0;
  for (const auto& entry : fs::directory_iterator(run->folder()))
    if (has(entry.path().filename().string(), "tfevents")) {
      files++;
      CHECK(has(get(entry.path()), "loss"));
    }
  CHECK(files == 1);
}

TEST_CASE("Versions and hardware say something") {
  auto v = versions(), h = hardware();
  CHECK(v["basin"].get<std::string>().size() >= 5);
  CHECK(has(v["compiler"], "+"));
  CHECK(h["memory_gib"] > 0);
  CHECK_FALSE(h["cpu"].get<std::string>().empty());
  CHECK(h["gpus"].is_array());
}

}  // namespace
