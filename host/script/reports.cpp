// basin.report and run:report: run folders as one page.
#include "run/index.hpp"
#include "run/report.hpp"

#include <filesystem>

#include "script/runs.hpp"

namespace basin::script {
namespace {

std::filesystem::path folder_at(lua_State* L, int index) {
  if (const RunBox* box = test<RunBox>(L, index)) return opened(*box).folder();
  if (lua_type(L, index) == LUA_TSTRING || lua_isinteger(L, index))
    return find_run(Engine::of(L).settings().runs, lua_tostring(L, index));
  throw Error("a report is about runs, or their numbers, names or folders, got " + describe(L, index));
}

std::vector<std::filesystem::path> folders_at(lua_State* L, int list) {
  std::vector<std::filesystem::path> folders;
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, list)); i <= n; ++i) {
    lua_rawgeti(L, list, i);
    folders.push_back(folder_at(L, lua_gettop(L)));
    lua_pop(L, 1);
  }
  return folders;
}

// Each run gets a page of its own too, so that its folder explains itself.
int write(Call& c, const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) write_report(folder / "report.html", {folder});
  // Several are compared on a page in the folder of runs.
  std::filesystem::path file = (folders.size() == 1 ? folders[0] : folders[0].parent_path()) / "report.html";
  if (c.has("path")) file = c.string("path");
  write_report(file, folders, c.string("title"));
  return give(c.L, file.string());
}

int report(Call& c) {
  const auto folders = folders_at(c.L, c.index("runs"));
  if (folders.empty()) throw Error("basin.report needs at least one run: basin.report { runs = { run } }");
  return write(c, folders);
}

}  // namespace

int run_report(Call& c) {
  std::vector<std::filesystem::path> folders{folder_at(c.L, 1)};
  if (c.has("runs")) {
    for (const auto& folder : folders_at(c.L, c.index("runs"))) folders.push_back(folder);
  }
  return write(c, folders);
}

const std::vector<Field>& report_fields() {
  static const std::vector<Field> fields{
      {"runs", "list", "Other runs, or their numbers, names or folders, to stand beside it.", "{}"},
      {"path", "string", "The file.", "report.html in the run's folder; of several, in the folder of runs"},
      {"title", "string", "The page's.", "the runs' names"}};
  return fields;
}

void add_reports(lua_State* L, int library) {
  static const Function function{
      {.name = "basin.report",
       .summary = "Writes tables, curves, sample grids and scripts of runs as one HTML file; each run gets one of its "
                  "own too.",
       .fields = {{"runs", "list", "Runs of this script, or the numbers, names or folders of others."},
                  report_fields()[1],
                  report_fields()[2]},
       .table = true,
       .returns = "string (the file)",
       .example = "print(basin.report { runs = { run } })"},
      report};
  push(L, function);
  lua_setfield(L, library, "report");
}

}  // namespace basin::script
