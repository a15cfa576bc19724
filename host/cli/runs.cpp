// The commands that look at run folders, see the header. What they print is for people, --json for programs.
#include "cli/runs.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <map>

#include "abi/error.hpp"
#include "cli/run_texts.hpp"
#include "plugin/files.hpp"
#include "run/cells.hpp"
#include "run/export.hpp"
#include "run/index.hpp"
#include "run/report.hpp"
#include "run/run.hpp"
#include "script/numbers.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using script::Cell;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void print(const json& value) { print(value.dump(2, ' ', false, json::error_handler_t::replace) + "\n"); }

// ---- basin runs ----------------------------------------------------------------------------------------------------

json json_of(const Summary& run) {
  json out{{"folder", run.folder.string()}, {"number", run.number}, {"state", run.state}};
  if (!run.problem.empty()) out["problem"] = run.problem;
  if (!run.last_line.empty()) out["last_line"] = run.last_line;
  out["options"] = out["metrics"] = json::object();
  for (const Fact& f : run.facts) {
    if (f.kind == "run") out[f.name] = f.value;
    else if (f.kind == "option") out["options"][f.name] = f.value;
    else out["metrics"][f.name] = {{"value", f.value}, {"low", f.low}, {"high", f.high}};
  }
  return out;
}

const Fact* fact_of(const Summary& run, const std::string& name) {
  for (const Fact& f : run.facts)
    if (f.name == name) return &f;
  return nullptr;
}

Cell cell_of(const Summary& run, const std::string& column) {
  if (column == "run") return {.text = run.folder.filename().string()};
  if (column == "state") return {.text = run.state.empty() ? "-" : run.state};
  const Fact* fact = fact_of(run, column);
  if (!fact) return {.text = "-"};
  if (column == "step")
    if (const Fact* steps = fact_of(run, "steps"); steps && steps->value != fact->value)
      return {.text = fact->value.dump() + "/" + steps->value.dump()};
  if (column == "created" || column == "changed") {  // 2026-11-21T09:48:58+0000
    std::string time = fact->value.is_string() ? fact->value.get<std::string>().substr(0, 16) : "";
    std::replace(time.begin(), time.end(), 'T', ' ');
    return {.text = time};
  }
  if (fact->value.is_number())
    return {.text = "", .number = true, .value = fact->value, .low = fact->low, .high = fact->high};
  return {.text = fact->value.is_string() ? fact->value.get<std::string>() : fact->value.dump()};
}

// What a list shows unless it is told: the plain number of each metric comes before the time.
std::vector<std::string> default_columns(const std::vector<Summary>& runs) {
  std::vector<std::string> out{"run", "state", "step", "loss"};
  for (const auto& run : runs)
    for (const Fact& f : run.facts)
      if (f.kind == "metric" && f.name.find('[') == f.name.npos && f.name.find('.') == f.name.npos &&
          std::find(out.begin(), out.end(), f.name) == out.end())
        out.push_back(f.name);
  out.push_back("created");
  return out;
}

// What stands between commas; those in brackets are part of a name: "lpf[ema, 4 bits],rho".
std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names(1);
  int depth = 0;
  for (const char c : text) {
    depth += (c == '[') - (c == ']');
    if (c == ',' && depth <= 0) names.emplace_back();
    else names.back() += c;
  }
  return names;
}

int terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// A table that fits the terminal: columns that do not are left out, from the right, and named.
std::string fitted_table(std::vector<std::string> columns, std::vector<std::vector<Cell>> rows) {
  std::string left_out;
  for (;;) {
    const std::string text = script::table_text(columns, rows);
    const int width = terminal_width();
    if (width == 0 || columns.size() < 2 || script::columns_of(text.substr(0, text.find('\n'))) <= width)
      return text + (left_out.empty() ? "" : "not shown in " + std::to_string(width) + " columns: " + left_out + "\n");
    left_out = columns.back() + (left_out.empty() ? "" : ", ") + left_out;
    columns.pop_back();
    for (auto& row : rows) row.pop_back();
  }
}

int list(const RunCommands& c, const fs::path& root) {
  std::error_code error;
  if (c.root.empty() && !fs::exists(root, error)) {  // a project's first day is no mistake
    if (c.json) print(json::array());
    std::fprintf(stderr, "there are no runs in '%s' yet: basin run SCRIPT.lua makes the first\n", root.c_str());
    return 0;
  }
  const RunIndex index(root, c.rebuild);
  if (c.rebuild) {
    std::fprintf(stderr, "read %zu runs in '%s'%s\n", index.refreshed(), root.c_str(),
                 index.in_memory() ? "; nothing can be written there, so there is no index" : " into its index");
    if (!c.json) return 0;
  }
  if (c.names) {
    std::map<std::string, std::string> kinds;
    for (const auto& run : index.find())
      for (const Fact& f : run.facts) kinds.emplace(f.name, f.kind);
    std::vector<std::vector<Cell>> rows;
    for (const auto& [name, kind] : kinds) rows.push_back({{.text = name}, {.text = kind}});
    print(script::table_text({"name", "of"}, rows));
    return 0;
  }
  const auto runs = index.find({c.where, c.sort, c.reverse, c.limit});
  if (c.json) {
    auto out = json::array();
    for (const auto& run : runs) out.push_back(json_of(run));
    print(out);
    return 0;
  }
  if (runs.empty()) {
    const bool none = c.where.empty() || index.find().empty();
    std::fprintf(stderr,
                 none ? "there are no runs in '%s' yet: basin run SCRIPT.lua makes the first\n"
                      : "no run in '%s' is like that; basin runs lists all\n",
                 root.c_str());
    return 0;
  }
  std::vector<std::string> columns = default_columns(runs);
  if (!c.columns.empty()) {
    columns = {"run"};
    for (const std::string& word : names_in(c.columns))
      if (!word.empty() && word != "run") columns.push_back(index.name_of(word));
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& run : runs) {
    auto& row = rows.emplace_back();
    for (const auto& column : columns) row.push_back(cell_of(run, column));
  }
  print(fitted_table(columns, rows));
  for (const auto& run : runs) {
    const std::string name = run.folder.filename().string();
    if (run.state == "died")
      print(name + " died; the last line of its log: " + (run.last_line.empty() ? "(none)" : run.last_line) + "\n");
    if (run.state == "failed")
      if (const Fact* why = fact_of(run, "message")) print(name + " failed: " + why->value.get<std::string>() + "\n");
    if (!run.problem.empty()) print(name + ": " + run.problem + "\n");
  }
  return 0;
}

// ---- the others ------------------------------------------------------------------------------------------------------

std::vector<fs::path> folders_of(const RunCommands& c, const fs::path& root) {
  std::vector<fs::path> out;
  for (const auto& word : c.runs) out.push_back(find_run(root, word));
  return out;
}

int compare(const RunCommands& c, const fs::path& root) {
  auto folders = folders_of(c, root);
  if (folders.size() < 2) throw Error("a comparison needs two runs or more: basin compare A B");
  Everything all = collect(folders);
  const auto cells = cells_of(all, all.problems);
  if (c.json) print(comparison_json(all, cells));
  else print(comparison_text(all, cells));
  if (!c.out.empty()) {
    if (cells.empty()) throw Error("these runs have no samples of one seed, so there is no picture to write");
    image::write_png(c.out, cells[0].sheet(8));
    std::fprintf(stderr, "%s: %s\n", c.out.c_str(), cells[0].title.c_str());
  }
  return 0;
}

int report(const RunCommands& c, const fs::path& root) {
  const auto folders = folders_of(c, root);
  const fs::path file = c.out.empty() ? (folders.size() == 1 ? folders[0] : root) / "report.html" : fs::path(c.out);
  write_report(file, folders, c.title);
  print(file.string() + "\n");
  return 0;
}

int export_runs(const RunCommands& c, const fs::path& root) {
  std::string format = c.format;
  const std::string ending = fs::path(c.out).extension();
  if (format.empty() && !ending.empty() && ending != ".csv" && ending != ".jsonl")
    throw Error("basin export writes .csv and .jsonl, and '" + c.out + "' ends in " + ending +
                "; give it one of these, or say which with --format");
  if (format.empty()) format = ending == ".jsonl" ? "jsonl" : "csv";
  const Everything all = collect(folders_of(c, root));
  for (const auto& problem : all.problems) std::fprintf(stderr, "%s\n", problem.c_str());
  const auto rows = c.results ? result_rows(all) : metric_rows(all);
  const std::string text = format == "jsonl" ? jsonl_of(rows) : csv_of(rows);
  if (c.out.empty()) print(text);
  else write_file(c.out, text);
  return 0;
}

}  // namespace

void add_run_commands(CLI::App& app, RunCommands& c) {
  const auto add = [&](const char* name, const char* what, const char* runs) {
    CLI::App* part = app.add_subcommand(name, what);
    part->add_option("--runs", c.root, "where run folders are (runs/)")->type_name("DIR");
    if (runs) part->add_option("runs", c.runs, runs)->required()->type_name("RUN");
    return part;
  };
  CLI::App* list = add("runs", "List the runs: what they are, how far they came, what they found", nullptr);
  list->add_option("--where", c.where, "only those with NAME=VALUE (also != < <= > >=, and ~ for a part); again: and")
      ->type_name("CONDITION")
      ->allow_extra_args(false);
  list->add_option("--sort", c.sort, "by this value (by number)")->type_name("NAME");
  list->add_flag("--reverse", c.reverse, "the other way round");
  list->add_option("--limit", c.limit, "at most so many")->type_name("N");
  list->add_option("--columns", c.columns, "what to show: loss,optimizer.rho,fid")->type_name("NAMES");
  list->add_flag("--names", c.names, "the names that --where, --sort and --columns take");
  list->add_flag("--json", c.json, "everything, for programs");
  list->add_flag("--rebuild", c.rebuild, "make the index anew from the folders");
  const char* one = "a number, a name or a folder";
  CLI::App* show = add("show", "What a run was told, how it went and what it found", one);
  show->add_flag("--all", c.all, "options left at their defaults too");
  show->add_flag("--json", c.json, "everything, for programs");
  CLI::App* compare = add("compare", "Runs beside each other: what differs, metrics, samples cell by cell", one);
  compare->add_flag("--json", c.json, "the same for programs");
  compare->add_option("-o,--out", c.out, "a picture of the samples, cell by cell")->type_name("FILE.png");
  CLI::App* report = add("report", "One HTML file about one run or several", one);
  report->add_option("-o,--out", c.out, "the file (report.html in the run's folder; of several, in the folder of runs)")
      ->type_name("FILE.html");
  report->add_option("--title", c.title, "of the page (the runs' names)")->type_name("TEXT");
  CLI::App* exported = add("export", "Training rows or results as CSV or JSON lines", one);
  exported->add_flag("--results", c.results, "what was measured, instead of the rows of training");
  exported->add_option("--format", c.format, "csv or jsonl (by the file's name; csv)")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  exported->add_option("-o,--out", c.out, "the file (standard output)")->type_name("FILE");
}

std::optional<int> run_command(const CLI::App& app, const RunCommands& c, const fs::path& default_root) {
  const fs::path root = c.root.empty() ? default_root : fs::path(c.root);
  if (app.got_subcommand("runs")) return list(c, root);
  if (app.got_subcommand("compare")) return compare(c, root);
  if (app.got_subcommand("report")) return report(c, root);
  if (app.got_subcommand("export")) return export_runs(c, root);
  if (!app.got_subcommand("show")) return std::nullopt;
  const Everything all = collect(folders_of(c, root));
  if (c.json) {
    auto out = json::array();
    for (size_t i = 0; i < all.runs.size(); i++) out.push_back(run_json(all, i));
    print(out.size() == 1 ? out[0] : out);
  } else {
    for (size_t i = 0; i < all.runs.size(); i++) print((i ? "\n" : "") + run_text(all, i, c.all));
  }
  return 0;
}

}  // namespace basin::cli
