// basin.report: runs on one page.
#include "run/report.hpp"

#include "script/engine.hpp"
#include "script/runs.hpp"

namespace basin::script {
namespace {

namespace fs = std::filesystem;

int report(Call& c) {
  lua_State* L = c.L;
  std::vector<fs::path> folders;
  const int runs = c.index("runs");
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, runs)); i <= n; ++i) {
    lua_rawgeti(L, runs, i);
    if (lua_type(L, -1) == LUA_TSTRING) {
      folders.emplace_back(text_at(L, -1));
    } else if (const RunBox* box = test<RunBox>(L, -1)) {
      if (!box->run)
        throw Error("run '" + box->settings.name + "' has no folder yet: nothing was trained or sampled in it");
      folders.push_back(box->run->folder());
    } else {
      throw Error("basin.report: 'runs' holds runs or their folders, got " + describe(L, -1));
    }
    lua_pop(L, 1);
  }
  if (folders.empty()) throw Error("basin.report: 'runs' is empty");
  for (const auto& folder : folders) write_report(folder / "report.html", {folder});
  fs::path file = folders.size() == 1 ? folders[0] / "report.html" : folders[0].parent_path() / "report.html";
  if (c.has("path")) file = c.string("path");
  write_report(file, folders);
  return give(L, file.string());
}

}  // namespace

void add_reports(lua_State* L, int library) {
  static const Function function{
      {.name = "basin.report",
       .summary = "Writes each run's report.html, and one page that compares them.",
       .fields = {{"runs", "list", "Runs, or folders of runs."},
                  {"path", "string", "The page that compares them.", "report.html in the folder of runs"}},
       .table = true,
       .returns = "the page's path",
       .example = "print(basin.report { runs = { run } })"},
      report};
  push(L, function);
  lua_setfield(L, library, "report");
}

}  // namespace basin::script
