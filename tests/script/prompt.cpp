// The prompt without a terminal: chunks, kept locals, results, completion.
#include "script/prompt.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "abi/handles.hpp"
#include "abi/log.hpp"
#include "data/dataset.hpp"
#include "data/images.hpp"
#include "measure/denoiser.hpp"
#include "measure/metric.hpp"
#include "model/model.hpp"
#include "plugin/object.hpp"
#include "plugin/registry.hpp"
#include "script/help.hpp"
#include "support.hpp"
#include "train/optimizer.hpp"
#include "train/validation.hpp"

#include "catch.hpp"

using namespace basin;
using script::Prompt;

script::Engine& script_engine() {
  static script::Engine* made = [] {
    add_abi_interfaces();
    add_plugin_interfaces();
    add_process_interface();  // what samplers and metrics ask for when they are loaded
    add_samplers_interface();
    add_measurement_interface();
    add_optimizer_interface();
    add_validation_interface();
    add_image_interface();
    add_model_factory();
    add_factory("dataset", [](Spec spec) -> std::shared_ptr<basin_object> { return Dataset::open(std::move(spec)); });
    Registry::instance().search({BASIN_BUILD "/plugins"});
    script::Settings settings;
    settings.interactive = true;
    return new script::Engine(settings);
  }();
  return *made;
}

namespace {

script::Engine& engine() { return script_engine(); }

// What the lines print, output and errors together.
std::string output_of(const std::vector<std::string>& lines) {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("basin-prompt-" + std::to_string(getpid()))).string();
  std::fflush(stdout), std::fflush(stderr);
  const int out = dup(1), err = dup(2);
  std::FILE* to = std::fopen(file.c_str(), "w");
  dup2(fileno(to), 1), dup2(fileno(to), 2);
  {
    Prompt prompt(engine(), {});
    for (const std::string& line : lines) prompt.feed(line);
    prompt.end();
  }
  std::fflush(stdout), std::fflush(stderr);
  dup2(out, 1), dup2(err, 2), close(out), close(err);
  std::fclose(to);
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  std::filesystem::remove(file);
  return text.str();
}

std::vector<std::string> completed(const std::string& text) {
  size_t replaced = 0;
  return script::complete(engine().lua(), text, replaced);
}
bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

TEST_CASE("expressions print, statements do not, ; silences") {
  CHECK(output_of({"1 + 1"}) == "2\n");
  CHECK(output_of({"1, 'two', nil"}) == "1\ttwo\tnil\n");
  CHECK(output_of({"nil"}) == "nil\n");
  CHECK(output_of({"1 + 1;"}) == "");
  CHECK(output_of({"x = 5"}) == "");
  CHECK(output_of({"x * 2", "_ + 1"}) == "10\n11\n");
  CHECK(output_of({"3;", "_"}) == "3\n");
  CHECK(output_of({"print('a')"}) == "a\n");
  CHECK(output_of({"", "   "}) == "");
}

TEST_CASE("locals at the top stay for the lines that follow") {
  CHECK(output_of({"local a = 3", "a + 1"}) == "4\n");
  CHECK(output_of({"local b, c = 1, 2 local d = b + c", "d"}) == "3\n");
  CHECK(output_of({"local function f(x) return x * 2 end", "f(4)"}) == "8\n");
  CHECK(output_of({"local basin = require \"basin\"", "basin.version"}).size() > 4);
  CHECK(output_of({"do local hidden = 3 end", "hidden"}).find("there is no variable 'hidden'") != std::string::npos);
}

TEST_CASE("a chunk may take several lines") {
  CHECK(output_of({"for i = 1, 2 do", "print(i)", "end"}) == "1\n2\n");
  CHECK(output_of({"return {", "1,", "2 }"}) == "{ 1, 2 }\n");
  CHECK(output_of({"for i = 1, 2 do"}).find("<eof>") != std::string::npos);
  CHECK(output_of({"for i = 1, 2 do", "i i", "1"}) == "line 2, 'i i': syntax error near 'i'\n1\n");
  CHECK(output_of({"1 +", "2"}) == "3\n");
  CHECK(output_of({"x = 1", "x ==", "1"}) == "true\n");
}

TEST_CASE("errors name what was meant, and the prompt goes on") {
  CHECK(output_of({"local function f(t)", "return t.a.b", "end", "f({})"}) ==
        "line 2, 'return t.a.b': attempt to index a nil value (field 'a')\n");
  CHECK(output_of({"local function g() return nothing end", "x = g()"}) ==
        "'local function g() return nothing end': there is no variable 'nothing'\n");
  CHECK(output_of({"undeclared", "1"}) == "there is no variable 'undeclared'\n1\n");
  CHECK(output_of({"pritn(3)"}) == "there is no variable 'pritn'; did you mean 'print'?\n");
  CHECK(output_of({"x = = 3"}) == "unexpected symbol near '='\n");
  CHECK(output_of({"error({})"}).find("no text") != std::string::npos);
  CHECK(output_of({"setmetatable({}, {__tostring = function() error 'bad' end})"}) == "bad\n");
}

TEST_CASE("tables are shown in a stable order, and not endlessly") {
  CHECK(output_of({"{ 3, 'x', b = true, a = { 1 } }"}) == "{ 3, \"x\", a = { 1 }, b = true }\n");
  CHECK(output_of({"{}"}) == "{}\n");
  CHECK(output_of({"{ [1.5] = 1, ['a b'] = 2 }"}) == "{ [\"a b\"] = 2, [1.5] = 1 }\n");
  CHECK(output_of({"t = {}; t.t = t", "t"}) == "{ t = { t = { t = { ... } } } }\n");
  CHECK(output_of({"t = {} for i = 1, 100 do t[i] = i end", "t"}).find("60 more") != std::string::npos);
}

TEST_CASE("who lists what a person made") {
  const std::string text = output_of({"mine = { 1, 2 }", "rate = basin.optimizer 'adam' { lr = 0.5 }", "who"});
  const auto line = [&](const std::string& name) {
    const size_t at = text.find("\n" + name + " ");
    return at == text.npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  };
  CHECK(line("mine").find(" table ") != std::string::npos);
  CHECK(line("mine").ends_with("{ 1, 2 }"));
  CHECK(line("rate").find(" optimizer adam ") != std::string::npos);
  CHECK(line("rate").find("lr = 0.5") != std::string::npos);
  CHECK(line("print").empty());
  CHECK(line("basin").empty());
}

TEST_CASE("values that Lua would show as addresses say what they are") {
  CHECK(output_of({"basin"}).find("Basin 0.") == 0);
  CHECK(output_of({"print(basin)"}).find("Basin 0.") == 0);
  CHECK(output_of({"basin.zeros"}).find("basin.zeros(") == 0);
}

TEST_CASE("the host's own process is listed with the plugins") {
  CHECK(output_of({"basin.plugins()[1].components[1].kind, basin.plugins()[1].components[1].name"}) == "process\tvp\n");
}

TEST_CASE("? is help") {
  CHECK(output_of({"?basin.zeros"}).find("basin.zeros(sizes, dtype?) -> tensor") == 0);
  CHECK(output_of({"?zeros"}).find("basin.zeros") == 0);
  CHECK(output_of({"?run:train"}).find("run:train { model") == 0);
  CHECK(output_of({"?sam"}).find("rho") != std::string::npos);
  CHECK(output_of({"?"}).find("basin.run") != std::string::npos);
  CHECK(output_of({"?basin.process"}).find("basin.process \"vp\": Variance preserving") != std::string::npos);
  CHECK(output_of({"?optimizer"}).find("basin.optimizer \"sam\": ") != std::string::npos);
  CHECK(output_of({"?sam.rho"}).find("option of optimizer 'sam'\n  rho  number") == 0);
  CHECK(output_of({"o = basin.optimizer 'adam' {}", "?o.beta1"}).find("option of optimizer 'adam'\n  beta1") == 0);
  CHECK(output_of({"?vp2"}) == "there is no help for 'vp2'; did you mean 'vp'?\n");
  CHECK(output_of({"?adm_unet.channel"}) == "model 'adm_unet' has no option 'channel'; did you mean 'channels'?\n");
  CHECK(output_of({"help"}).find("basin.run") != std::string::npos);
  CHECK(output_of({"?smapler"}) == "there is no help for 'smapler'; did you mean 'sampler'?\n");
}

TEST_CASE("? of a variable's member is help of what it is there") {
  CHECK(output_of({"t = basin.zeros { 2, 3 }", "?t:mean"}).find("tensor:mean(") == 0);
  CHECK(output_of({"?t.count"}).find("tensor.count -> integer\n  How many") == 0);
  CHECK(output_of({"held = { a = t }", "?held.a:mean"}).find("tensor:mean(") == 0);
  CHECK(output_of({"r = basin.run { name = 'never' }", "?r:train"}).find("run:train { model") == 0);
  CHECK(output_of({"?r.folder"}).find("run.folder -> ") == 0);
  CHECK(output_of({"?run.folder"}).find("run.folder -> ") == 0);
  CHECK(output_of({"?basin.metric:measure"}).find("metric:measure") == 0);
  CHECK(output_of({"?t:meen"}) == "there is no help for 't:meen'; did you mean 'mean'?\n");
  CHECK(output_of({"?held.b"}).find("there is no help for 'held.b'") == 0);
}

TEST_CASE("every function says what it does") {
  engine();
  CHECK(script::functions().size() > 30);
  for (const auto* function : script::functions()) {
    INFO(function->record.name);
    CHECK(*function->record.summary);
    for (const auto& field : function->record.fields) {
      INFO(field.name);
      CHECK(std::string(field.summary).ends_with("."));
    }
    CHECK(script::help_for(*function).find(function->record.summary) != std::string::npos);
  }
}

TEST_CASE("completion knows globals, members, components, options and files") {
  output_of({"thing = { alpha = 1, beta = { gamma = 2 } }", "run = basin.run { name = 'x' }"});
  CHECK(completed("pri") == std::vector<std::string>{"print"});
  CHECK(completed("basin.opt") == std::vector<std::string>{"optimizer"});
  CHECK(completed("thing.") == std::vector<std::string>{"alpha", "beta"});
  CHECK(completed("x = thing.beta.g") == std::vector<std::string>{"gamma"});
  CHECK(has(completed("run:"), "train"));
  CHECK_FALSE(has(completed("run:"), "folder"));
  CHECK(has(completed("run."), "folder"));
  CHECK(completed("basin.optimizer \"s") == std::vector<std::string>{"sam", "sgd"});
  CHECK(completed("basin.sampler('dd") == std::vector<std::string>{"ddim", "ddpm"});
  CHECK(completed("basin.optimizer \"sam\" { r") == std::vector<std::string>{"rho"});
  CHECK(completed("basin.optimizer \"sam\" { rho = 1, b") == std::vector<std::string>{"base"});
  CHECK(completed("basin.optimizer \"sam\" {\n  rho = 1,\n  a") == std::vector<std::string>{"adaptive"});
  CHECK(completed("run:train { input") == std::vector<std::string>{"input_perturbation"});
  CHECK(completed("basin.process \"vp\" { sch") == std::vector<std::string>{"schedule"});
  CHECK(completed("basin.process \"vp\" { schedule = \"co") == std::vector<std::string>{"cosine"});
  CHECK(completed("basin.process(\"vp\", { schedule = 'l") == std::vector<std::string>{"linear"});
  CHECK(completed("basin.optimizer(\"sam\", { r") == std::vector<std::string>{"rho"});
  CHECK(has(completed("run:train { steps = thi"), "thing"));
  CHECK(completed("model:load \"" BASIN_TESTS "/scr") == std::vector<std::string>{BASIN_TESTS "/script/"});
  CHECK(completed("no.such.").empty());
}

TEST_CASE("Ctrl-C ends an endless loop") {
  engine();
  Prompt prompt(engine(), {});
  std::string problem;
  REQUIRE(engine().load("while true do end", "=stdin", problem));
  interrupted() = true;
  CHECK_THROWS_AS(engine().execute(0), Error);
  interrupted() = false;
}
