// The index of runs: what it finds, and that it stays the folders' shadow whatever happens to either.
#include "run/index.hpp"

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "support.hpp"

using namespace basin;

namespace {

// A finished run with an option and a metric of two models.
fs::path finished(const fs::path& root, const std::string& name, double rho, double fid) {
  auto run = open_run(root, name, {{"rho", rho}},
                      {{"options",
                        {{{"name", "optimizer.rho"}, {"value", std::to_string(rho)}, {"origin", "s.lua:1"}},
                         {{"name", "args.rho"}, {"value", std::to_string(rho)}, {"origin", "--set"}},
                         {{"name", "optimizer.adaptive"}, {"value", "false"}, {"origin", "default"}},
                         {{"name", "process.schedule"}, {"value", "\"cosine\""}, {"origin", "default"}}}}});
  const auto record = [&](const std::string& key, const std::string& label, double value) {
    run->record(key, {{"metric", "fid"},
                      {"label", label},
                      {"scalars",
                       {{{"name", "fid"}, {"value", value}, {"low", value - 1}, {"high", value + 1}},
                        {{"name", "bias"}, {"value", value / 2}}}},
                      {"protocol", {{"metric", {{"options", {{"features", {{"component", "small"}}}}}}}}}});
  };
  record("fid-1", "ema", fid);
  record("fid-2", "ema, 4 bits", fid + 5);
  run->set_state({{"status", "finished"}, {"step", 100}, {"steps", 100}, {"loss", rho * 2}});
  return run->folder();
}

std::vector<std::string> names(const std::vector<Summary>& runs) {
  std::vector<std::string> out;
  for (const auto& run : runs) out.push_back(run.folder.filename().string());
  return out;
}
using Names = std::vector<std::string>;

std::vector<std::string> lines(const std::vector<Summary>& runs) {
  std::vector<std::string> out;
  for (const auto& run : runs) {
    out.push_back(run.folder.filename().string() + " " + std::to_string(run.number) + " " + run.state + " " +
                  run.last_line + " " + run.problem);
    for (const Fact& f : run.facts)
      out.push_back(f.kind + " " + f.name + " " + f.value.dump() + " " + std::to_string(f.low) +
                    std::to_string(f.high));
  }
  return out;
}

// That the index says what the folders say.
void check_true(const fs::path& root) {
  std::vector<Summary> truth;
  for (const auto& folder : run_folders(root)) truth.push_back(summarize(folder));
  CHECK(lines(RunIndex(root).find()) == lines(truth));
}

pid_t forked(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 0;
  try {
    body();
  } catch (...) {
    code = 1;
  }
  ::_exit(code);
}
int ended(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("Runs are found by what they were told and what they found, in any order") {
  Scratch scratch;
  finished(scratch.path, "adam", 0.5, 8);
  finished(scratch.path, "sam", 0.01, 6);
  finished(scratch.path, "esam", 0.1, 7);
  const RunIndex index(scratch.path);
  CHECK_FALSE(index.in_memory());
  CHECK(index.refreshed() == 3);
  CHECK(names(index.find()) == Names{"00001-adam", "00002-sam", "00003-esam"});
  CHECK(names(index.find({{}, "", true, 0})) == Names{"00003-esam", "00002-sam", "00001-adam"});
  CHECK(names(index.find({{}, "fid", false, 0})) == Names{"00002-sam", "00003-esam", "00001-adam"});
  CHECK(names(index.find({{}, "rho", true, 2})) == Names{"00001-adam", "00003-esam"});
  CHECK(names(index.find({{"optimizer.rho>=0.1"}, "", false, 0})) == Names{"00001-adam", "00003-esam"});
  CHECK(names(index.find({{"rho >= 0.1", "fid < 7.5"}, "", false, 0})) == Names{"00003-esam"});
  CHECK(names(index.find({{"name~SAM"}, "", false, 0})) == Names{"00002-sam", "00003-esam"});
  CHECK(names(index.find({{"name!=sam"}, "", false, 0})) == Names{"00001-adam", "00003-esam"});
  CHECK(names(index.find({{"schedule=cosine", "adaptive=false"}, "", false, 0})).size() == 3);
  CHECK(index.find({{"schedule<5"}, "", false, 0}).empty());  // a text is not less than a number
  CHECK(names(index.find({{"fid[ema, 4 bits]<=12"}, "", false, 0})) == Names{"00002-sam", "00003-esam"});
  CHECK(index.name_of("fid.bias") == "fid (small).bias");
  CHECK(index.name_of("rho") == "optimizer.rho");  // what acts, not the script's argument

  const Summary run = index.find({{"name=sam"}, "", false, 0})[0];
  CHECK(run.state == "finished");
  bool seen = false;
  for (const Fact& f : run.facts)
    if (f.name == "fid (small)") seen = f.value == 6.0 && f.low == 5 && f.high == 7;  // of the plainest model
  CHECK(seen);
}

TEST_CASE("A condition or a name that is none is one sentence with the nearest name") {
  Scratch scratch;
  finished(scratch.path, "adam", 0.5, 8);
  const RunIndex index(scratch.path);
  for (const char* bad : {"rho", "=3", "rho=", "rho!3", ""})
    CHECK(has(sentence_of([&] { index.find({{bad}, "", false, 0}); }), "is no condition; one is NAME=VALUE"));
  CHECK(has(sentence_of([&] { index.find({{"rhp>0"}, "", false, 0}); }), "did you mean 'rho'?"));
  CHECK(has(sentence_of([&] { index.find({{}, "optimizer.rhp", false, 0}); }), "did you mean 'optimizer.rho'?"));
  CHECK(index.find({{"name=x' OR '1'='1"}, "", false, 0}).empty());
  CHECK(has(sentence_of([&] { RunIndex none(scratch.path / "no"); }), "there is no folder of runs"));
  CHECK(has(sentence_of([&] { RunIndex none(scratch.path / "00001-adam"); }), "is the folder of one run"));
  put(scratch.path / "file", "x");
  CHECK(has(sentence_of([&] { RunIndex none(scratch.path / "file"); }), "is a file"));
}

TEST_CASE("What changed is read again, what did not is not, and a deleted folder is forgotten") {
  Scratch scratch;
  const auto adam = finished(scratch.path, "adam", 0.5, 8), sam = finished(scratch.path, "sam", 0.01, 6);
  CHECK(RunIndex(scratch.path).refreshed() == 2);
  CHECK(RunIndex(scratch.path).refreshed() == 0);
  record_result(sam, "kid-1", {{"metric", "kid"}, {"label", "ema"}, {"scalars", {{{"name", "kid"}, {"value", 3}}}}});
  CHECK(RunIndex(scratch.path).refreshed() == 1);
  CHECK(names(RunIndex(scratch.path).find({{"kid=3"}, "", false, 0})) == Names{"00002-sam"});
  put(adam / "run.json", "{ broken");
  CHECK(RunIndex(scratch.path).find()[0].state == "broken");
  CHECK(has(RunIndex(scratch.path).find()[0].problem, "not as Basin wrote it"));
  fs::remove_all(adam);
  CHECK(names(RunIndex(scratch.path).find()) == Names{"00002-sam"});
  CHECK(RunIndex(scratch.path, true).refreshed() == 1);
  check_true(scratch.path);
  fs::remove_all(sam);
  CHECK(RunIndex(scratch.path).find().empty());
}

TEST_CASE("A run that died is told from one that lives, and has its last line") {
  Scratch scratch;
  CHECK(ended(forked([&] {
          auto run = open_run(scratch.path, "dead");
          run->set_state({{"status", "running"}, {"steps", 100}});
          run->metrics({{"step", 40}, {"loss", 0.5}});
          run->log("signal SIGSEGV in optimizer 'adam'");
          ::kill(::getpid(), SIGKILL);
        })) == -SIGKILL);
  const Summary dead = RunIndex(scratch.path).find()[0];
  CHECK(dead.state == "died");
  CHECK(has(dead.last_line, "signal SIGSEGV in optimizer 'adam'"));
  CHECK(names(RunIndex(scratch.path).find({{"state=died", "step=40", "steps=100", "loss=0.5"}, "", false, 0})).size() ==
        1);

  int begun[2], stop[2];
  REQUIRE(::pipe(begun) == 0);
  REQUIRE(::pipe(stop) == 0);
  const pid_t child = forked([&] {
    auto run = open_run(scratch.path, "dead");  // the same run goes on
    run->set_state({{"status", "running"}});
    char c = 'x';
    (void)!::write(begun[1], &c, 1);
    (void)!::read(stop[0], &c, 1);
    ::kill(::getpid(), SIGKILL);
  });
  char c;
  REQUIRE(::read(begun[0], &c, 1) == 1);
  CHECK(is_open(scratch.path / "00001-dead"));
  CHECK(RunIndex(scratch.path).find()[0].state == "running");
  REQUIRE(::write(stop[1], &c, 1) == 1);
  CHECK(ended(child) == -SIGKILL);
  CHECK(RunIndex(scratch.path).find()[0].state == "died");  // no file changed, the process did
  for (int fd : {begun[0], begun[1], stop[0], stop[1]}) ::close(fd);
}

TEST_CASE("Looking at runs never keeps one from being opened") {
  Scratch scratch;
  { open_run(scratch.path)->set_state({{"status", "running"}}); }
  const pid_t looker = forked([&] {
    for (;;) is_open(scratch.path / "00001-sam-cifar10");
  });
  int refused = 0;
  for (int i = 0; i < 200; i++) refused += !sentence_of([&] { open_run(scratch.path); }).empty();
  CHECK(refused == 0);
  ::kill(looker, SIGKILL);
  ended(looker);
}

TEST_CASE("Runs and lists that write at once leave an index that is true") {
  Scratch scratch;
  std::vector<pid_t> children;
  for (int i = 0; i < 2; i++)
    children.push_back(forked([&, i] {
      for (int n = 0; n < 8; n++) {
        auto run = open_run(scratch.path, "writer-" + std::to_string(i), {{"n", n}});
        run->set_state({{"status", "running"}});
        for (int step = 1; step <= 20; step++) run->metrics({{"step", step}, {"loss", 1.0 / step}});
        run->record("m", {{"metric", "m"}, {"scalars", {{{"name", "m"}, {"value", n}}}}});
        run->set_state({{"status", "finished"}, {"step", 20}});
      }
    }));
  for (int i = 0; i < 3; i++)
    children.push_back(forked([&] {
      for (int n = 0; n < 20; n++) RunIndex(scratch.path).find({{}, "", false, 0});
    }));
  for (pid_t child : children) CHECK(ended(child) == 0);
  CHECK(RunIndex(scratch.path).find().size() == 16);
  check_true(scratch.path);
}

TEST_CASE("A process that is killed while it writes the index leaves one that is true") {
  Scratch scratch;
  for (int i = 0; i < 12; i++) finished(scratch.path, "r" + std::to_string(i), i, i);
  for (int round = 0; round < 25; round++) {
    const pid_t child = forked([&] {
      for (;;) RunIndex(scratch.path, true);  // writes all of it, again and again
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(3 + round * 2));
    ::kill(child, SIGKILL);
    ended(child);
    const RunIndex index(scratch.path);
    CHECK_FALSE(index.in_memory());
    CHECK(index.find().size() == 12);
  }
  check_true(scratch.path);
}

TEST_CASE("A damaged index is made anew; where none can be written there is one in memory") {
  Scratch scratch;
  for (int i = 0; i < 40; i++) finished(scratch.path, "r" + std::to_string(i), i, i);
  const auto file = scratch.path / ".index.sqlite";
  { RunIndex index(scratch.path); }
  const std::string whole = get(file);
  const std::vector<std::string> damaged{
      "", "not a database at all, but longer than a header of one would be, by far......", whole.substr(0, 4096),
      whole.substr(0, whole.size() / 2), std::string(whole.size(), '\0')};
  for (const auto& bytes : damaged) {
    put(file, bytes);
    CHECK(RunIndex(scratch.path).find().size() == 40);
    check_true(scratch.path);
  }
  std::string schema = whole;  // a database of another time
  schema[63] = 99;
  put(file, schema);
  CHECK(RunIndex(scratch.path).refreshed() == 40);

  fs::remove(file);
  fs::create_directory(file);
  CHECK(RunIndex(scratch.path).in_memory());
  CHECK(RunIndex(scratch.path).find().size() == 40);
  fs::remove(file);
  fs::remove(scratch.path / ".index.lock");
  fs::create_directory(scratch.path / ".index.lock");
  CHECK(RunIndex(scratch.path).in_memory());
  CHECK(RunIndex(scratch.path).find().size() == 40);
}

TEST_CASE("A run is found by number, name, folder or path; else the nearest name") {
  Scratch scratch;
  for (const char* name : {"adam", "sam", "sam"}) open_run(scratch.path, name, {}, json::object(), true);
  CHECK(find_run(scratch.path, "2").filename() == "00002-sam");
  CHECK(find_run(scratch.path, "00001").filename() == "00001-adam");
  CHECK(find_run(scratch.path, "00002-sam").filename() == "00002-sam");
  CHECK(find_run(scratch.path, "sam").filename() == "00003-sam");  // the newest
  CHECK(find_run("elsewhere", (scratch.path / "00001-adam/").string()).filename() == "00001-adam");
  CHECK(has(sentence_of([&] { find_run(scratch.path, "9"); }), "they are 1 to 3"));
  CHECK(has(sentence_of([&] { find_run(scratch.path, "adma"); }), "did you mean 'adam'?"));
  CHECK(has(sentence_of([&] { find_run(scratch.path, ""); }), "was expected"));
  CHECK(has(sentence_of([&] { find_run(scratch.path, scratch.path.string()); }), "is no run's folder"));
  CHECK(has(sentence_of([&] { find_run(scratch.path / "no", "1"); }), "holds none"));
  fs::create_directory(scratch.path / "00002-other");
  CHECK(has(sentence_of([&] { find_run(scratch.path, "2"); }), "two folders"));
}
