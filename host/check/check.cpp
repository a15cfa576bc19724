// The order of work: a first process tells what the file brings; then every test is run, for every component of its
// kind, each in a process of its own (this program again, with --report).
#include "check/check.hpp"

#include <ATen/Parallel.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "abi/log.hpp"
#include "check/gates.hpp"
#include "check/process.hpp"
#include "check/test.hpp"

namespace basin::checking {
namespace {

using nlohmann::json;

struct Outcome {
  std::string test, kind, component, verdict, sentence;  // verdict: "passed", "failed", "skipped"
};

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t at = text.rfind('\n');
  return at == text.npos ? text : text.substr(at + 1);
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

const Test& find_test(const std::string& name) {
  std::vector<std::string> names;
  for (const Test& test : tests()) {
    if (test.name == name) return test;
    names.emplace_back(test.name);
  }
  const std::string near = nearest(name, names);
  throw Error("there is no test '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?") +
                  " basin check --list FILE lists them",
              BASIN_ERROR_NOT_FOUND);
}

// The test itself, in this process.
Outcome run_here(const Request& request, const Test& test, const std::string& kind, const std::string& component) {
  Outcome out{test.name, kind, component, "passed", ""};
  Subject subject(request);
  subject.component = component, subject.kind = kind;
  const at::NoGradGuard no_grad;
  try {
    test.run(subject);
    out.sentence = subject.passed.empty() ? test.sentence : subject.passed;
    if (!misuses().empty()) throw Failure{misuses().front()};
  } catch (const Failure& failure) {
    out.verdict = "failed", out.sentence = failure.sentence;
  } catch (const Skip& skip) {
    out.verdict = "skipped", out.sentence = skip.sentence;
  } catch (const Error& error) {
    out.verdict = "failed", out.sentence = error.what();
    if (!misuses().empty()) out.sentence = misuses().front();
  } catch (const std::exception& error) {
    out.verdict = "failed", out.sentence = std::string("it let a C++ exception out: ") + error.what();
  }
  out.sentence = one_line(out.sentence);
  return out;
}

void write_report(int fd, const json& report) {
  const std::string text = report.dump(-1, ' ', false, json::error_handler_t::replace);
  for (size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n <= 0) ::_exit(3);
    at += static_cast<size_t>(n);
  }
  ::_exit(0);  // what a plugin does at exit is no part of the test
}

// What the file brings, in the process that asks.
json inspect(const Request& request) {
  Subject subject(request);
  json parts = json::array();
  const Loaded& loaded = subject.loaded();
  for (const Component& component : loaded.components) parts.push_back({component.kind, component.name});
  return {{"plugin", loaded.plugin.name}, {"version", loaded.plugin.version}, {"components", parts}};
}

class Checker {
 public:
  explicit Checker(const Request& request) : request_(request) {
    char path[4096];
    const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
    program_ = n > 0 ? std::string(path, static_cast<size_t>(n)) : "";
  }

  int run() {
    const auto started = inspect_apart();
    loaded_ = started.has_value();
    for (const Test& test : tests()) {
      const std::string kind = test.kind;
      if (kind.empty()) {
        if (wanted(test, "", "")) report(apart(test, "", ""));
        // What is no plugin for this Basin is told once.
        if (!started && !outcomes_.empty() && outcomes_.back().test == "loading-note" &&
            outcomes_.back().verdict == "failed")
          return finish();
      } else if (!started) {
        if (kind == "*" && wanted(test, "", "")) report({test.name, "", "", "skipped", "the file could not be loaded"});
      } else {
        for (const auto& part : (*started)["components"])
          if ((kind == "*" || part[0] == kind) && wanted(test, part[0], part[1])) report(apart(test, part[0], part[1]));
      }
    }
    return finish();
  }

 private:
  bool wanted(const Test& test, const std::string& kind, const std::string& component) const {
    const auto named = [&](const std::string& name) {
      return name == test.name || name == test.name + (":" + component) ||
             name == test.name + (":" + kind + "." + component);
    };
    return (request_.only.empty() || std::any_of(request_.only.begin(), request_.only.end(), named)) &&
           std::none_of(request_.skip.begin(), request_.skip.end(), named);
  }

  std::vector<std::string> arguments(const std::string& only) const {
    std::vector<std::string> out = {
        "check",  request_.file, "--seed", std::to_string(request_.seed), "--timeout", std::to_string(request_.timeout),
        "--only", only};
    for (const auto& set : request_.set) out.insert(out.end(), {"--set", set});
    return out;
  }

  std::optional<json> inspect_apart() {
    const Ended ended = run_process(program_, arguments("?"), request_.timeout);
    json report = json::parse(ended.report, nullptr, false);
    if (!report.is_object() || !report.contains("components")) return std::nullopt;
    if (!request_.json)
      std::printf("%s %s, %zu component%s\n", report["plugin"].get<std::string>().c_str(),
                  report["version"].get<std::string>().c_str(), report["components"].size(),
                  report["components"].size() == 1 ? "" : "s");
    return report;
  }

  Outcome apart(const Test& test, const std::string& kind, const std::string& component) {
    std::string only = test.name;
    if (!component.empty()) only += ":" + kind + "." + component;
    const Ended ended = run_process(program_, arguments(only), request_.timeout);
    Outcome out{test.name, kind, component, "failed", ""};
    const json report = json::parse(ended.report, nullptr, false);
    if (report.is_object() && report.contains("verdict")) {
      out.verdict = report["verdict"], out.sentence = report["sentence"];
    } else if (ended.timed_out) {
      out.sentence = "it hung: nothing came within " + std::to_string(request_.timeout) + " s (--timeout)";
    } else if (ended.signal) {
      const std::string line = last_line(ended.said);
      out.sentence =
          "it ended by " + signal_name(ended.signal) + (line.starts_with("basin: ") ? ": " + line.substr(7) : "");
    } else {
      const std::string line = last_line(ended.said);
      out.sentence = "its process ended with exit code " + std::to_string(ended.exit_code) + " and no result" +
                     (line.empty() ? "" : "; it said: " + line);
    }
    return out;
  }

  void report(Outcome outcome) {
    if (!request_.json) {
      const std::string name =
          outcome.test + (outcome.component.empty() ? "" : " " + outcome.kind + " " + outcome.component);
      std::printf("%-7s  %s: %s\n", outcome.verdict.c_str(), name.c_str(), outcome.sentence.c_str());
      std::fflush(stdout);
    }
    outcomes_.push_back(std::move(outcome));
  }

  int finish() const {
    size_t passed = 0, failed = 0, skipped = 0;
    for (const auto& o : outcomes_) (o.verdict == "passed" ? passed : o.verdict == "failed" ? failed : skipped)++;
    if (request_.json) {
      json results = json::array();
      for (const auto& o : outcomes_) {
        json row = {{"test", o.test}, {"verdict", o.verdict}, {"sentence", o.sentence}};
        if (!o.component.empty()) row["kind"] = o.kind, row["component"] = o.component;
        results.push_back(std::move(row));
      }
      const json all = {{"file", request_.file}, {"seed", request_.seed}, {"passed", passed},
                        {"failed", failed},      {"skipped", skipped},    {"results", results}};
      std::printf("%s\n", all.dump(2, ' ', false, json::error_handler_t::replace).c_str());
    } else {
      std::printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
    }
    return failed || !loaded_ ? 1 : 0;  // what cannot be loaded has passed nothing, whatever was asked for
  }

  const Request& request_;
  std::string program_;
  bool loaded_ = false;
  std::vector<Outcome> outcomes_;
};

int list_tests(const Request& request) {
  json all = json::array();
  for (const Test& test : tests()) {
    if (!request.json) std::printf("%-28s %s\n", test.name, test.sentence);
    all.push_back({{"test", test.name}, {"kind", test.kind}, {"sentence", test.sentence}});
  }
  if (request.json) std::printf("%s\n", all.dump(2).c_str());
  return 0;
}

// --only of a test's own process: "name" or "name:kind.component"; by hand the kind, and the component, may be left out,
// and the first that the test is for is taken. "?" asks what the file brings.
int run_one(const Request& request) {
  if (request.only.size() != 1) throw Error("--in-process wants one test: --only NAME, or --only NAME:COMPONENT");
  const std::string& only = request.only.front();
  at::set_num_threads(1);
  install_gates();
  set_log_sink([](int32_t, const std::string&, const std::string&) {});
  if (only == "?") {
    write_report(request.report, inspect(request));
    return 0;
  }
  const size_t colon = only.find(':');
  const Test& test = find_test(only.substr(0, colon));
  std::string kind = test.kind, component = colon == only.npos ? "" : only.substr(colon + 1);
  if (const size_t dot = component.find('.'); dot != component.npos)
    kind = component.substr(0, dot), component = component.substr(dot + 1);
  if (*test.kind && (component.empty() || kind == "*")) {
    Subject subject(request);
    const auto& parts = subject.loaded().components;
    const auto first = std::find_if(parts.begin(), parts.end(), [&](const Component& c) {
      return (kind == "*" || c.kind == kind) && (component.empty() || c.name == component);
    });
    if (first == parts.end())
      throw Error("the plugin brings no " + (kind == "*" ? "component" : kind) +
                      (component.empty() ? "" : " '" + component + "'"),
                  BASIN_ERROR_NOT_FOUND);
    kind = first->kind, component = first->name;
  }
  const Outcome outcome = run_here(request, test, kind, component);
  if (request.report >= 0) write_report(request.report, {{"verdict", outcome.verdict}, {"sentence", outcome.sentence}});
  std::printf("%-7s  %s: %s\n", outcome.verdict.c_str(), test.name, outcome.sentence.c_str());
  return outcome.verdict == "failed";
}

}  // namespace

const std::vector<Test>& tests() {
  static const std::vector<Test> all = [] {
    std::vector<Test> out;
    for (auto of_kind :
         {loading_tests, declaration_tests, optimizer_tests, averager_tests, noise_schedule_tests, model_tests,
          sampler_tests, quantizer_tests, metric_tests, dataset_tests, host_tests, memory_tests})
      for (Test& test : of_kind()) out.push_back(std::move(test));
    return out;
  }();
  return all;
}

int run(const Request& request) {
  if (request.list) return list_tests(request);
  if (request.in_process || request.report >= 0) return run_one(request);
  for (const auto* names : {&request.only, &request.skip})
    for (const std::string& name : *names) find_test(name.substr(0, name.find(':')));
  if (::access(request.file.c_str(), R_OK) != 0)
    throw Error("there is no file '" + request.file +
                    "' that can be read; basin check takes the path of a plugin, NAME.basin.so",
                BASIN_ERROR_IO);
  return Checker(request).run();
}

}  // namespace basin::checking
