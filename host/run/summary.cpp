// Summaries of run folders, see the header.
#include "run/summary.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <map>
#include <set>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "run/collect.hpp"
#include "run/run.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

// A value as scripts write it ("\"cosine\"", "{ 1, 2, 2 }", "0.03", "true"), as a number or a text.
json plain(const json& value) {
  if (value.is_number()) return value;
  const std::string text = text_of(value);
  const json parsed = json::parse(text, nullptr, false);
  return parsed.is_number() || parsed.is_string() ? parsed : json(text);
}

struct Facts {
  std::vector<Fact>& list;
  void add(const char* kind, const std::string& name, const json& value) {
    if (value.is_null() || value.is_structured() || value.is_discarded() || name.empty()) return;
    if (value.is_string() && value.get_ref<const std::string&>().empty()) return;
    list.push_back({kind, name, value});
  }
  bool has(const std::string& name) const {
    return std::any_of(list.begin(), list.end(), [&](const Fact& f) { return f.name == name; });
  }
};

void add_options(const json& record, Facts& facts) {
  const std::set<std::string> numbers{"loss", "step", "seconds"};  // of the run, also where it has none yet
  for (const auto& option : list_in(record, "options"))
    if (const std::string name = text_in(option, "name");
        !facts.has(name) && !numbers.count(name) && option.contains("value"))
      facts.add("option", name, plain(option["value"]));
  const json* at = &record;
  for (const char* key : {"identity", "asked", "threads"}) {
    if (!at->is_object() || !at->contains(key)) return;
    at = &(*at)[key];
  }
  facts.add("option", "threads", *at);
}

// Every scalar by "metric.scalar[label]"; the first one of a metric by the metric's name alone, and that of the plainest
// model (the shortest label) without a label.
void add_results(const std::vector<Result>& results, Facts& facts) {
  std::map<std::string, std::string> plainest;
  for (const auto& r : results) {
    auto [at, fresh] = plainest.emplace(r.metric, r.label);
    if (!fresh && std::pair(r.label.size(), r.label) < std::pair(at->second.size(), at->second)) at->second = r.label;
  }
  for (const auto& r : results) {
    bool first = true;
    for (const auto& scalar : list_in(r.json, "scalars")) {
      const double value = number_in(scalar, "value");
      const std::string name = r.metric + (first ? "" : "." + text_in(scalar, "name"));
      first = false;
      if (!std::isfinite(value)) continue;
      Fact fact{"metric", name, value, number_in(scalar, "low"), number_in(scalar, "high")};
      if (r.label == plainest[r.metric]) facts.list.push_back(fact);
      fact.name += "[" + (r.label.empty() ? "raw weights" : r.label) + "]";
      facts.list.push_back(std::move(fact));
    }
  }
}

}  // namespace

bool is_open(const fs::path& folder) {
  // Run::open holds the lock of the folder above while it takes a run's own: asking here, for an instant, must never be
  // what it finds taken.
  const int above = ::open((folder.parent_path() / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (above >= 0)
    while (::flock(above, LOCK_SH) != 0 && errno == EINTR) {
    }
  const int own = ::open((folder / "run.lock").c_str(), O_RDONLY | O_CLOEXEC);
  // A file system without locks cannot say: then the record's word stands.
  const bool open = own >= 0 && ::flock(own, LOCK_SH | LOCK_NB) != 0;
  if (own >= 0) ::close(own);
  if (above >= 0) ::close(above);
  return open;
}

std::string last_line_of(const fs::path& file) {
  constexpr uint64_t kTail = 1 << 16;
  try {
    FileReader reader(file);
    const uint64_t from = reader.size() > kTail ? reader.size() - kTail : 0;
    std::string tail(reader.size() - from, '\0');
    reader.read(tail.data(), tail.size(), from);
    const size_t end = tail.rfind('\n');
    if (end == tail.npos) return "";
    const size_t before = end > 0 ? tail.rfind('\n', end - 1) : tail.npos;
    return tail.substr(before == tail.npos ? 0 : before + 1, end - (before == tail.npos ? 0 : before + 1));
  } catch (const Error&) {
    return "";
  }
}

Summary summarize(const fs::path& folder) {
  Summary out;
  out.folder = folder;
  out.number = run_number(folder);
  const RunEntry entry = read_run(folder);
  const json& record = entry.record;
  Facts facts{out.facts};
  facts.add("run", "number", out.number);
  if (!entry.problem.empty()) {
    out.problem = entry.problem;
    out.state = "broken";
    facts.add("run", "state", out.state);
    return out;
  }
  const json state = record.contains("state") && record["state"].is_object() ? record["state"] : json::object();
  out.state = text_in(state, "status");
  if (out.state == "running" && !is_open(folder)) out.state = "died";
  if (out.state == "died" || out.state == "failed") out.last_line = last_line_of(folder / "log.txt");

  facts.add("run", "name", text_in(record, "name"));
  facts.add("run", "state", out.state);
  // While it runs the rows know more than the record, which is written at its ends.
  const json row = json::parse(last_line_of(folder / "metrics.jsonl"), nullptr, false);
  const double recorded = number_in(state, "step"), logged = number_in(row, "step");
  const json& newest = logged > recorded || !std::isfinite(recorded) ? row : state;
  for (const char* key : {"step", "loss", "seconds"})
    for (const json* from : {&newest, &row}) {  // the state of a run that was stopped has no loss
      if (facts.has(key) || !std::isfinite(number_in(*from, key))) continue;
      facts.add("run", key, (*from)[key]);
    }
  if (std::isfinite(number_in(state, "steps"))) facts.add("run", "steps", state["steps"]);
  if (std::isfinite(number_in(record, "seed"))) facts.add("run", "seed", record["seed"]);
  for (const char* key : {"precision", "device", "created", "script", "command", "hash"})
    facts.add("run", key, text_in(record, key));
  facts.add("run", "changed", text_in(state, "time"));
  facts.add("run", "message", text_in(state, "message"));
  add_options(record, facts);
  Everything all;
  collect_results(folder, 0, all);
  add_results(all.results, facts);
  return out;
}

int64_t stamp_of(const fs::path& folder) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, 64 bits
  const auto mix = [&](const void* bytes, size_t count) {
    for (size_t i = 0; i < count; i++) hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100000001b3u;
  };
  const auto file = [&](const fs::path& path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return;
    const std::string name = path.filename().string();
    mix(name.data(), name.size());
    for (int64_t part : {static_cast<int64_t>(s.st_size), static_cast<int64_t>(s.st_ino),
                         static_cast<int64_t>(s.st_mtim.tv_sec), static_cast<int64_t>(s.st_mtim.tv_nsec)})
      mix(&part, sizeof part);
  };
  for (const char* name : {"run.json", "metrics.jsonl", "log.txt"}) file(folder / name);
  std::vector<fs::path> results;
  std::error_code error;
  for (fs::directory_iterator it(folder / "results", error), end; !error && it != end; it.increment(error))
    results.push_back(it->path());
  std::sort(results.begin(), results.end());
  for (const auto& path : results) file(path);
  return static_cast<int64_t>(hash);
}

}  // namespace basin
