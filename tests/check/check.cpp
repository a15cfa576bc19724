// The program on plugins with one fault each. What is looked at is its JSON: the verdict of the test that is there for
// the fault, and words of its sentence. A sound component beside them passes the same tests.
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "catch.hpp"

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Answer {
  int code = -1;
  std::string text;
};
Answer run(const std::string& arguments) {
  const std::string command = "cd / && " BASIN_PROGRAM " " + arguments + " 2>&1 </dev/null";
  Answer out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  while (const size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.text.append(buffer, n);
  const int status = pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

std::string broken(const std::string& name) {
  return std::string(BASIN_BUILD) + "/tests/check/check_" + name + ".basin.so";
}

// The one result of a test of a component ("" for the file).
json result(const std::string& file, const std::string& test, const std::string& component,
            const std::string& more = "") {
  const Answer answer =
      run("check " + file + " --json --only " + test + (component.empty() ? "" : ":" + component) + " " + more);
  const json all = json::parse(answer.text, nullptr, false);
  INFO(answer.text);
  REQUIRE(all.is_object());
  REQUIRE(all["results"].size() == 1);
  CHECK(answer.code == (all["failed"] == 0 ? 0 : 1));
  return all["results"][0];
}

struct Case {
  const char *file, *test, *component;
  std::vector<std::string> words;  // of its sentence
};

void expect_failed(const Case& c) {
  INFO(c.file << " " << c.test << " " << c.component);
  const json r = result(broken(c.file), c.test, c.component, std::string(c.component) == "hangs" ? "--timeout 5" : "");
  const std::string sentence = r["sentence"];
  INFO(sentence);
  CHECK(r["verdict"] == "failed");
  CHECK(sentence.find('\n') == std::string::npos);
  for (const auto& word : c.words) CHECK(sentence.find(word) != std::string::npos);
}

}  // namespace

TEST_CASE("faults of a file are found by the tests of loading", "[check]") {
  const Case cases[] = {
      {"file_leaks", "loading-symbols", "", {"my_own_helper"}},
      {"file_unique", "loading-symbols", "", {"STB_GNU_UNIQUE", "Shared<int>::counter"}},
      {"file_thread", "loading-side-effects", "", {"thread"}},
      {"file_file", "loading-side-effects", "", {"/dev/zero"}},
      {"file_output", "loading-side-effects", "", {"Hello from a plugin"}},
      {"file_variable", "loading-side-effects", "", {"BASIN_CHECK_FAULT"}},
      {"file_signal", "loading-side-effects", "", {"SIGINT"}},
      {"file_locale", "loading-side-effects", "", {"locale", "C.UTF-8"}},
      {"file_slow", "loading-time", "", {"took 3"}},
      {"file_crash", "loading-time", "", {"SIGABRT", "check_file_crash.basin.so"}},
  };
  for (const Case& c : cases) expect_failed(c);
}

TEST_CASE("faults of optimizers are found", "[check]") {
  const Case cases[] = {
      {"optimizers", "optimizer-convergence", "climbs", {"convex bowl"}},
      {"optimizers", "optimizer-same-seed", "restless", {"one seed differ after step"}},
      {"optimizers", "optimizer-state-round-trip", "forgets", {"not in its state"}},
      {"optimizers", "optimizer-closure", "deaf", {"BASIN_OK"}},
      {"optimizers", "optimizer-closure", "partial", {"whole batch"}},
      {"optimizers", "borrowed-handles", "keeps_context", {"SIGSEGV", "the context was borrowed until step returned"}},
      {"optimizers", "optimizer-convergence", "crashes", {"SIGSEGV", "optimizer 'crashes' (plugin optimizers 0.1.0)"}},
      {"optimizers", "optimizer-convergence", "hangs", {"hung", "5 s"}},
      {"optimizers", "optimizer-garbage-state", "trusts", {"SIGSEGV", "optimizer 'trusts'"}},
      {"optimizers", "optimizer-convergence", "reports_many", {"'gradients' is to be one number"}},
      {"optimizers", "host-errors", "hopes", {"validation.loss, failed, and it went on as if it had not"}},
      {"optimizers", "borrowed-handles", "elsewhere", {"validation.loss is for the thread that runs the script"}},
      {"optimizers", "options-extremes", "mute", {"SIGSEGV", "being made with size = 1000000"}},
      {"optimizers", "declares-sentences", "mute", {"'rate'"}},
  };
  for (const Case& c : cases) expect_failed(c);
}

TEST_CASE("faults of models are found", "[check]") {
  const Case cases[] = {
      {"models", "model-forward", "wrong_sizes", {"[B,3,8,8]", "prediction"}},
      {"models", "model-forward", "noisy", {"same inputs"}},
      {"models", "model-batch", "mixes", {"others in its batch"}},
      {"models", "model-gradient", "wrong_gradient", {"finite differences"}},
      {"models",
       "borrowed-handles",
       "keeps_input",
       {"input 'x' was borrowed until forward returned", "ops.add_scalar_"}},
  };
  for (const Case& c : cases) expect_failed(c);
}

TEST_CASE("faults of the other kinds are found", "[check]") {
  const Case cases[] = {
      {"others", "averager-constant", "decays", {"never changed"}},
      {"others", "noise-schedule-range", "outside", {"level 100"}},
      {"others", "sampler-batch", "by_row", {"sample 17"}},
      {"others", "sampler-gaussian", "one_step", {"standard deviation"}},
      {"others", "sampler-reports", "one_step", {"on_step"}},
      {"others", "quantizer-levels", "shrinks", {"levels at 2 bits"}},
      {"others", "quantizer-idempotent", "shrinks", {"again"}},
      {"others", "quantizer-report", "shrinks", {"squared error"}},
      {"others", "metric-same-seed", "guess", {"another"}},
      {"others", "metric-finite", "endless", {"not finite"}},
      {"others", "metric-tells", "blind", {"get the same numbers"}},
      {"others", "dataset-items", "rolling", {"another"}},
      {"others", "dataset-bounds", "rolling", {"should have been refused"}},
      {"others", "dataset-bounds", "overflows", {"beyond the end of the buffer of values"}},
  };
  for (const Case& c : cases) expect_failed(c);
}

TEST_CASE("a plugin that does not look at what the host says is found", "[check]") {
  const Case cases[] = {
      {"careless", "host-errors", "careless", {"went on as if it had not"}},
      {"careless", "host-refuses-interface", "careless", {"SIGSEGV", "a host without basin."}},
      {"careless", "averager-constant", "late", {"options were borrowed until create returned"}},
      {"careless", "averager-constant", "later", {"SIGSEGV", "option 'mode' was borrowed until create returned"}},
      {"careless", "host-errors", "silent", {"without a sentence"}},
      {"file_throws", "averager-constant", "last", {"averager 'last'", "let a C++ exception out", "nobody caught me"}},
  };
  for (const Case& c : cases) expect_failed(c);
}

TEST_CASE("sound components beside them pass", "[check]") {
  const std::pair<const char*, const char*> sound[] = {
      {"optimizers", ":sound"}, {"models", ":sound"}, {"file_none", ":last"}};
  for (const auto& [file, component] : sound) {
    std::string only;
    for (const char* test :
         {"declares-sentences", "declares-ranges", "options-default", "options-extremes", "borrowed-handles",
          "host-refuses-interface", "host-errors", "optimizer-convergence", "optimizer-same-seed", "optimizer-closure",
          "optimizer-state-round-trip", "model-forward", "model-batch", "model-gradient", "averager-constant"})
      only += std::string(" --only ") + test + component;
    const Answer answer = run("check " + broken(file) + " --json" + only);
    INFO(answer.text);
    CHECK(answer.code == 0);
    const json all = json::parse(answer.text, nullptr, false);
    REQUIRE(all.is_object());
    CHECK(all["passed"] >= 8);
    CHECK(all["failed"] == 0);
    CHECK(all["skipped"] == 0);
  }
}

TEST_CASE("two components of one name are both tried, each by its kind", "[check]") {
  const std::string file = std::string(BASIN_BUILD) + "/plugins/adam_ema.basin.so";
  const auto kinds = [&](const std::string& only) {
    const Answer answer = run("check " + file + " --json --only " + only);
    INFO(answer.text);
    const json all = json::parse(answer.text, nullptr, false);
    REQUIRE(all.is_object());
    std::vector<std::string> out;
    for (const json& r : all["results"]) {
      CHECK(r["component"] == "adam_ema");
      CHECK(r["verdict"] == "passed");
      out.push_back(r["kind"]);
    }
    return out;
  };
  CHECK((kinds("declares-sentences") == std::vector<std::string>{"optimizer", "averager"}));
  CHECK((kinds("declares-sentences:adam_ema") == std::vector<std::string>{"optimizer", "averager"}));
  CHECK((kinds("declares-sentences:averager.adam_ema") == std::vector<std::string>{"averager"}));
}

TEST_CASE("what is not there is said in a sentence", "[check]") {
  const Answer no_file = run("check /no/such.basin.so");
  CHECK(no_file.code == 1);
  CHECK(no_file.text.find("there is no file '/no/such.basin.so'") == 0);
  const Answer no_test = run("check " + broken("models") + " --only model-forwrad");
  CHECK(no_test.code == 1);
  CHECK(no_test.text.find("did you mean 'model-forward'?") != std::string::npos);
  const Answer no_plugin = run("check /proc/self/exe");
  CHECK(no_plugin.code == 1);
  CHECK(no_plugin.text.find("carries no note") != std::string::npos);
  const Answer list = run("check --list anything");
  CHECK(list.code == 0);
  CHECK(list.text.find("optimizer-convergence ") != std::string::npos);
}

// A training with an optimizer that does not let it end: `code` is the program's, `line` the last one on standard error,
// and with `in_log` the last one of the run's log.
void expect_last_line(const std::string& optimizer, int code, const std::string& line, bool in_log = true) {
  INFO(optimizer);
  std::string folder = (fs::temp_directory_path() / "basin-check-test-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()));
  std::ofstream(folder + "/crash.lua") << R"(
local basin = require "basin"
basin.run { name = "crash", seed = 0, device = "cpu" }:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "gaussian" { count = 64, size = 8 },
  process = basin.process "vp" { schedule = "cosine", steps = 100 },
  steps = 2, batch = 4,
  optimizer = basin.optimizer "clip" { base = basin.optimizer ")" +
                                              optimizer + R"(" {} },
})";
  fs::create_directory(folder + "/plugins");  // this one of the broken files alone
  fs::copy(broken("optimizers"), folder + "/plugins/check_optimizers.basin.so");
  const std::string command = "cd " + folder + " && " BASIN_PROGRAM " run crash.lua --runs runs >out 2>&1 </dev/null";
  const int status = std::system(("bash -c '" + command + "'").c_str());
  const auto last_line = [](const fs::path& file) {
    std::ifstream in(file);
    std::string last;
    for (std::string line; std::getline(in, line);) last = line;
    return last;
  };
  CHECK(WEXITSTATUS(status) == code);
  for (const auto& entry : fs::recursive_directory_iterator(folder + "/runs"))
    if (in_log && entry.path().filename() == "log.txt") CHECK(last_line(entry.path()) == line);
  std::ifstream out(folder + "/out");
  const std::string said((std::istreambuf_iterator<char>(out)), {});
  INFO(said);
  CHECK(said.find(line) != std::string::npos);
  fs::remove_all(folder);
}

TEST_CASE("who ended the program is the last line on standard error and in the run's log", "[check]") {
  const std::string called = "(plugin optimizers 0.1.0), called by optimizer 'clip' (plugin clip 0.1.0)";
  expect_last_line("crashes", 128 + SIGSEGV,
                   "basin: signal SIGSEGV (memory that is not there) in optimizer 'crashes' " + called +
                       ", in code of check_optimizers.basin.so");
  expect_last_line("leaves", 3, "basin: the program was ended by exit() in optimizer 'leaves' " + called);
  expect_last_line("throws", 1,
                   "crash.lua:3: optimizer 'throws' (plugin optimizers 0.1.0) in step: it threw something that is no "
                   "std::exception",
                   false);
}

bool no_valgrind() {
  const bool missing = std::system("command -v valgrind >/dev/null 2>&1") != 0;
  if (missing) std::printf("valgrind is not installed: not tried\n");
  return missing;
}

TEST_CASE("lost and freed memory is found by valgrind, and nothing in a sound component", "[check][.memory]") {
  if (no_valgrind()) return;
  const std::string long_enough = "--timeout 3600";
  const auto of = [&](const char* component) {
    return result(broken("optimizers"), "memory-valgrind", component, long_enough);
  };
  const json leaks = of("leaks"), reads = of("reads_freed"), sound = of("sound");
  INFO(leaks << "\n" << reads << "\n" << sound);
  CHECK(leaks["verdict"] == "failed");
  CHECK(leaks["sentence"].get<std::string>().find("definitely lost") != std::string::npos);
  CHECK(reads["verdict"] == "failed");
  CHECK(reads["sentence"].get<std::string>().find("Invalid read of size 8") != std::string::npos);
  CHECK(sound["verdict"] == "passed");
}

// What a data set that reads files is checked with; "" for the others. CIFAR's files are long: they are made here.
std::string data_of(const std::string& plugin, const fs::path& folder) {
  const std::string fixtures = BASIN_TESTS "/data/fixtures/";
  if (plugin == "image_folder") return " --set root=" + fixtures + "folder";
  if (plugin == "webdataset") return " --set root=" + fixtures + "shards";
  if (plugin == "edm_zip") return " --set file=" + fixtures + "zip/stored.zip";
  if (plugin == "npz") return " --set file=" + fixtures + "npz/labelled.npz";
  if (plugin != "cifar10" && plugin != "cifar100") return "";
  const bool ten = plugin == "cifar10";
  std::string bytes(10000 * (ten ? 3073 : 3074), '\0');
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<char>(i * i / 7 % (ten ? 10 : 20));
  std::ofstream(folder / (ten ? "test_batch.bin" : "test.bin"), std::ios::binary) << bytes;
  return " --set split=test --set root=" + folder.string();
}

// What an own plugin is checked with, and what is left out, with the reason.
std::string own_arguments(const std::string& plugin, const fs::path& folder) {
  if (plugin == "adm_unet")
    return " --set image=8 --set channels=32 --set multipliers=1 --set blocks=1 --set attention=";
  if (plugin != "adam_ema") return data_of(plugin, folder);
  std::string more;  // its averager hands out what the optimizer of its name averages, and refuses to begin alone
  for (const char* test : {"averager-constant", "averager-hull", "averager-state-round-trip", "averager-garbage-state",
                           "borrowed-handles", "host-refuses-interface", "host-errors", "memory-valgrind"})
    more += std::string(" --skip ") + test + ":averager.adam_ema";
  return more;
}

// Every plugin of the build. What is skipped is printed; what is skipped and not among `may_skip`, "test component", fails.
void own_plugins_pass(const std::string& which, const std::set<std::string>& may_skip) {
  std::string folder = (fs::temp_directory_path() / "basin-check-test-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()));
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(BASIN_BUILD) / "plugins")) {
    const std::string file = entry.path(), plugin = entry.path().stem().stem();
    if (!file.ends_with(".basin.so")) continue;
    const Answer answer = run("check " + file + " --json" + which + own_arguments(plugin, folder));
    INFO(answer.text);
    CHECK(answer.code == 0);
    const json all = json::parse(answer.text, nullptr, false);
    REQUIRE(all.is_object());
    for (const json& one : all["results"]) {
      if (one["verdict"] != "skipped") continue;
      const std::string what = one["test"].get<std::string>() + " " + one.value("component", plugin);
      std::printf("skipped %s: %s\n", what.c_str(), one["sentence"].get<std::string>().c_str());
      CHECK(may_skip.count(what) == 1);
    }
    std::printf("%s: %d passed\n", plugin.c_str(), all["passed"].get<int>());
    std::fflush(stdout);
    files++;
  }
  CHECK(files > 50);
  fs::remove_all(folder);
}

TEST_CASE("Basin's own plugins pass", "[check][.own]") {
  own_plugins_pass(" --skip memory-valgrind",
                   {"sampler-gaussian adversarial", "sampler-gaussian epsilon_scaling", "sampler-gaussian time_shift"});
}

// Too long for every day: test-check "[memory-own]". Valgrind gets 20 minutes for a component; a forward pass of these
// two takes longer, and no option makes them smaller.
TEST_CASE("Basin's own plugins pass under valgrind", "[check][.memory-own]") {
  if (!no_valgrind())
    own_plugins_pass(" --only memory-valgrind --timeout 1600",
                     {"memory-valgrind inception_v3", "memory-valgrind lpips_features"});
}
