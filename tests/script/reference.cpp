// The records: complete, with examples that run, recorded by name and version, and written out as they are.
#include "script/reference.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/numpy.hpp"
#include "support.hpp"

#include "catch.hpp"

using namespace basin;
namespace fs = std::filesystem;

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// tests/script/api/0.1.txt: what scripts could name in that version, in all files one after the other.
std::map<std::string, std::string> recorded() {
  std::map<std::string, std::string> versions;
  for (const auto& entry : fs::directory_iterator(BASIN_TESTS "/script/api")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line[0] == '#') continue;
      INFO(line << " stands in " << entry.path().filename().string() << " and in another file, or twice");
      CHECK(versions.emplace(line, entry.path().stem().string()).second);
    }
  }
  return versions;
}

std::pair<int, int> version_of(const std::string& text) {
  int major = -1, minor = -1;
  std::sscanf(text.c_str(), "%d.%d", &major, &minor);
  return {major, minor};
}

// What is wrong with the names, as sentences: the rules of the recorded list.
std::vector<std::string> problems(const std::map<std::string, std::string>& listed,
                                  const std::vector<script::Name>& names, const std::string& now) {
  std::vector<std::string> out;
  std::map<std::string, std::string> there;
  for (const auto& [name, since] : names) there[name] = since;
  for (const auto& [name, since] : listed) {
    const auto found = there.find(name);
    if (found == there.end()) out.push_back("'" + name + "' has vanished: scripts since " + since + " may use it");
    else if (!found->second.empty() && found->second != since)
      out.push_back("'" + name + "' says since " + found->second + " and is recorded in api/" + since + ".txt");
  }
  for (const auto& [name, since] : there) {
    if (listed.count(name)) continue;
    if (!since.empty() && version_of(since) != version_of(now))
      out.push_back("'" + name + "' is new: its since must be " + now + ", not " + since);
    else out.push_back("'" + name + "' is new: record it in tests/script/api/" + now + ".txt");
  }
  return out;
}

std::string current_version() {
  const auto [major, minor] = version_of(BASIN_TEST_VERSION);
  return std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

TEST_CASE("no name of a script's vanishes, and none says that it is older than it is") {
  script_engine();
  const auto listed = recorded();
  CHECK(listed.size() > 300);
  std::string all;
  for (const std::string& problem : problems(listed, script::names(), current_version())) all += problem + "\n";
  INFO("basin docs --names prints the names\n" << all);
  CHECK(all.empty());
}

TEST_CASE("the rules of the recorded list") {
  const std::map<std::string, std::string> listed{{"basin.a", "0.1"}, {"basin.b", "0.2"}};
  CHECK(problems(listed, {{"basin.a", "0.1"}, {"basin.b", "0.2"}}, "0.2").empty());
  CHECK(problems(listed, {{"basin.a", "0.1"}}, "0.2") ==
        std::vector<std::string>{"'basin.b' has vanished: scripts since 0.2 may use it"});
  CHECK(problems(listed, {{"basin.a", "0.1"}, {"basin.b", "0.1"}}, "0.2") ==
        std::vector<std::string>{"'basin.b' says since 0.1 and is recorded in api/0.2.txt"});
  CHECK(problems(listed, {{"basin.a", "0.1"}, {"basin.b", "0.2"}, {"basin.c", "0.1"}}, "0.2") ==
        std::vector<std::string>{"'basin.c' is new: its since must be 0.2, not 0.1"});
  CHECK(problems(listed, {{"basin.a", "0.1"}, {"basin.b", "0.2"}, {"basin.c", "0.2"}}, "0.2") ==
        std::vector<std::string>{"'basin.c' is new: record it in tests/script/api/0.2.txt"});
}

TEST_CASE("every record is complete") {
  script_engine();
  CHECK(script::functions().size() > 80);
  for (const script::Function* function : script::functions()) {
    const script::Record& r = function->record;
    INFO(r.name);
    const std::string summary = r.summary;
    CHECK(summary.ends_with('.'));
    CHECK(std::strlen(r.example) > 0);
    for (const script::Field& field : r.fields) {
      INFO(field.name);
      CHECK(std::string(field.summary).ends_with('.'));
    }
  }
  for (const std::string& kind : script::script_kinds()) {
    for (const Component* component : script::components_of(kind)) {
      for (const script::Entry& entry : script::entries_of(*component)) {
        INFO(kind << " " << component->name << ", option " << entry.name);
        CHECK(entry.summary.ends_with('.'));
      }
    }
  }
}

TEST_CASE("every example runs") {
  script::Engine& engine = script_engine();
  const fs::path folder = fs::temp_directory_path() / ("basin-examples-" + std::to_string(getpid()));
  fs::create_directories(folder);
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  // What the examples take for granted.
  engine.run_text(R"lua(
    t = basin.randn { 2, 3 }
    a, b, x = basin.randn { 2, 3, 4, 4 }, basin.zeros { 2, 3, 4, 4 }, basin.randn { 4, 3, 8, 8 }
    data, process = basin.dataset "shapes" { count = 64, size = 8 }, basin.process "vp" {}
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
    run = basin.run { name = "examples", device = "cpu" }
    run:train { model = model, data = data, process = process, steps = 2, batch = 4,
      optimizer = basin.optimizer "adam", averages = { ema = basin.averager "ema" } }
    images = run:sample { model = model, sampler = basin.sampler "ddim" { steps = 2 }, count = 4 }
    fid = basin.metric "fid" { features = basin.model "small_features" {} }
    surface = basin.metric("loss_surface", { points = 3, images = 4 }):measure(model, data)
    trained = model
  )lua",
                  "examples");
  int count = 0;
  // Weights are written before they are read.
  auto all = script::functions();
  std::stable_partition(all.begin(), all.end(),
                        [](const auto* f) { return f->record.name == std::string("model:save"); });
  for (const script::Function* function : all) {
    const std::string name = function->record.name, example = function->record.example;
    if (example.empty()) continue;
    INFO(name << ": " << example);
    std::string problem;
    // run:train opens a run of its own: the one above is open for another training.
    const std::string begin =
        name == "run:train" ? "local run = basin.run { name = \"other\", device = \"cpu\" } " : "";
    try {  // as at the prompt: an expression, or statements
      const bool expression = begin.empty() && engine.load("return " + example, "example", problem);
      if (expression) lua_settop(engine.lua(), lua_gettop(engine.lua()) - 1);
      problem.clear();
      engine.run_text((expression ? "return " : begin) + example, "example");
    } catch (const std::exception& e) {
      problem = e.what();
    }
    CHECK(problem == "");
    ++count;
  }
  CHECK(count > 80);
  for (const std::string& kind : script::script_kinds()) {
    for (const Component* component : script::components_of(kind)) {
      const std::string example = script::example_of(*component);
      if (example.find("FOLDER") != example.npos || example.find("FILE") != example.npos) continue;
      INFO(example);
      std::string problem;
      try {
        engine.run_text("local made = " + example, "example");
      } catch (const std::exception& e) {
        problem = e.what();
      }
      CHECK(problem == "");
    }
  }
  fs::current_path(before);
  fs::remove_all(folder);
}

TEST_CASE("what stands beside NumPy's names runs, and theirs are not ours") {
  script::Engine& engine = script_engine();
  engine.run_text(R"lua(
    x = basin.rand { 2, 3 }:require_gradient()
    y, a, b = x * 2, basin.eye(2), basin.ones { 2, 2 }
    mask = a:gt(0)
  )lua",
                  "names");
  for (const script::Otherwise& other : script::numpy_names()) {
    INFO(other.theirs << " " << other.ours);
    std::string problem, known = *other.name ? "there" : "";
    try {
      if (std::string(other.name) != "cuda") engine.run_text("return " + std::string(other.ours), "names");
    } catch (const std::exception& e) {
      problem = e.what();
    }
    CHECK(problem == "");
    try {
      if (*other.name) engine.run_text("return x[\"" + std::string(other.name) + "\"]", "names");
    } catch (const std::exception& e) {
      known = e.what();
    }
    CHECK((known.empty() || known.find(std::string(" is ") + other.ours + " here") != known.npos));
  }
}

TEST_CASE("the type file is Lua that is not run, and names everything") {
  script::Engine& engine = script_engine();
  const std::string text = script::type_file();
  CHECK(first_line(text) == "---@meta basin");
  std::string problem;
  REQUIRE(engine.load(text, "=basin.lua", problem));
  CHECK_THROWS(engine.execute(0));
  for (const char* line :
       {"---@class (exact) basin.optimizer.sam.options\n", "---@field base basin.optimizer ",
        "---@overload fun(name: \"sam\", options?: basin.optimizer.sam.options): basin.optimizer.sam\n",
        "---@overload fun(options: basin.optimizer.sam.options): basin.optimizer.sam\n",
        "---@param options basin.run.train.options\n", "function run:train(options) end\n",
        "---@field schedule? \"linear\"|\"cosine\" ", "---@operator add(basin.tensor|number): basin.tensor\n",
        "---@param ... integer|integer[] ", "---@return basin.tensor\n",
        "fun(model: basin.denoiser, x0: basin.tensor, noise: basin.tensor, t: basin.tensor, context: table): "
        "basin.tensor"}) {
    INFO(line);
    CHECK(text.find(line) != text.npos);
  }
  for (const script::Function* function : script::functions()) {
    INFO(function->record.name);
    CHECK(text.find(std::string("\nfunction ") + function->record.name + "(") +
              text.find("\n---@class " + std::string(function->record.name) + "\n") !=
          2 * text.npos);
  }
}

TEST_CASE("the reference has a page for everything") {
  script_engine();
  const fs::path folder = fs::temp_directory_path() / ("basin-reference-" + std::to_string(getpid()));
  script::write_reference(folder);
  std::string pages;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".md") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    pages += text.str();
  }
  for (const script::Function* function : script::functions()) {
    INFO(function->record.name);
    CHECK(pages.find("### `" + std::string(function->record.name)) != pages.npos);
  }
  for (const std::string& kind : script::script_kinds())
    for (const Component* component : script::components_of(kind))
      CHECK(pages.find("### `" + component->name) != pages.npos);
  CHECK(pages.find("| `rho` | `number` |") != pages.npos);
  fs::remove_all(folder);
}
