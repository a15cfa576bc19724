// basin.sweep: the points of a grid, one after the other, and what was found at each as a table.
#include <algorithm>

#include "abi/log.hpp"
#include "run/progress.hpp"
#include "script/engine.hpp"

namespace basin::script {

// The points are tables of the script, in a list that the registry keeps.
struct Sweep {
  int points = LUA_NOREF;
  int64_t total = 0;               // of the grid; the list holds this task's
  std::vector<std::string> names;  // of the grid, which are the first columns
  int64_t next = 0;                // of the loop that runs
};
template <>
inline constexpr const char* type_of<Sweep> = "sweep";

namespace {

Sweep& self(Call& c) { return get<Sweep>(c.L, 1); }

bool is_list(lua_State* L, int index) { return lua_type(L, index) == LUA_TTABLE && lua_rawlen(L, index) > 0; }

// The grid with every value as a list: pushes a table name -> list; the names in order.
std::vector<std::string> read_grid(lua_State* L, int grid) {
  std::vector<std::string> names;
  lua_newtable(L);
  const int lists = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, grid); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      throw Error("a sweep is over values by name, basin.sweep { rho = { 0.01, 0.1 } }, and " + describe(L, -1) +
                  " came without one");
    const std::string name = text_at(L, -2);
    if (lua_type(L, -1) == LUA_TTABLE && !is_list(L, lua_gettop(L)))
      throw Error("the values of '" + name + "' must be a list, and this one is empty: { 1, 2 }");
    names.push_back(name);
    if (lua_type(L, -1) == LUA_TTABLE) {
      lua_pushvalue(L, -1);
    } else {  // one value
      lua_createtable(L, 1, 0);
      lua_pushvalue(L, -2);
      lua_rawseti(L, -2, 1);
    }
    lua_setfield(L, lists, name.c_str());
  }
  if (names.empty()) throw Error("a sweep needs values to go over: basin.sweep { rho = { 0.01, 0.1 } }");
  std::sort(names.begin(), names.end());
  return names;
}

std::string title_of(lua_State* L, const Sweep& sweep, int point) {
  std::string text;
  for (const std::string& name : sweep.names) {
    lua_getfield(L, point, name.c_str());
    std::string value = to_text(L, lua_gettop(L));
    text += (text.empty() ? "" : ", ") + name + " = " + value.substr(0, value.find('\n'));
    lua_pop(L, 1);
  }
  return text;
}

void push_points(lua_State* L, const Sweep& sweep) { lua_rawgeti(L, LUA_REGISTRYINDEX, sweep.points); }

// Pushes point i (from 1) and says that it begins.
void begin_point(lua_State* L, const Sweep& sweep, int64_t i) {
  push_points(L, sweep);
  lua_rawgeti(L, -1, i);
  lua_remove(L, -2);
  lua_getfield(L, -1, "point");
  const int64_t number = lua_tointegerx(L, -1, nullptr);
  lua_pop(L, 1);
  Progress::clear();
  std::fprintf(stderr, "sweep, point %lld of %lld: %s\n", static_cast<long long>(number),
               static_cast<long long>(sweep.total), title_of(L, sweep, lua_gettop(L)).c_str());
}

// The points of the grid that are this task's: { point = 3, rho = 0.1, bits = 4 }.
Sweep make_points(lua_State* L, int grid) {
  Sweep sweep;
  sweep.names = read_grid(L, grid);
  const int lists = lua_gettop(L);
  std::vector<int64_t> sizes;
  sweep.total = 1;
  for (const std::string& name : sweep.names) {
    lua_getfield(L, lists, name.c_str());
    sizes.push_back(static_cast<int64_t>(lua_rawlen(L, -1)));
    sweep.total *= sizes.back();
    lua_pop(L, 1);
    if (name == "point") throw Error("'point' is the number of a sweep's point; call the values something else");
  }
  if (sweep.total > 100000) throw Error("this sweep would have " + std::to_string(sweep.total) + " points");
  const Settings& settings = Engine::of(L).settings();
  lua_newtable(L);
  const int points = lua_gettop(L);
  lua_Integer own = 0;
  for (int64_t i = 0; i < sweep.total; ++i) {
    if (settings.tasks && i % settings.tasks != settings.task - 1) continue;
    lua_newtable(L);
    lua_pushinteger(L, i + 1);
    lua_setfield(L, -2, "point");
    int64_t rest = i;  // the last name goes round fastest
    for (size_t k = sweep.names.size(); k-- > 0; rest /= sizes[k]) {
      lua_getfield(L, lists, sweep.names[k].c_str());
      lua_rawgeti(L, -1, rest % sizes[k] + 1);
      lua_setfield(L, -3, sweep.names[k].c_str());
      lua_pop(L, 1);
    }
    lua_rawseti(L, points, ++own);
  }
  lua_pushvalue(L, points);
  sweep.points = luaL_ref(L, LUA_REGISTRYINDEX);
  return sweep;
}

// Takes the table that the body returned, on the top, into the point.
void add_findings(lua_State* L, int point) {
  if (lua_type(L, -1) != LUA_TTABLE) return;
  const int found = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, found); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, point);
  }
}

// Every point through the body; one that fails is noted, and the others go on.
void run_body(lua_State* L, const Sweep& sweep, int body) {
  push_points(L, sweep);
  const auto n = static_cast<int64_t>(lua_rawlen(L, -1));
  lua_pop(L, 1);
  std::string first;
  int64_t failed = 0;
  for (int64_t i = 1; i <= n; ++i) {
    begin_point(L, sweep, i);
    const int point = lua_gettop(L);
    lua_pushvalue(L, body);
    lua_pushvalue(L, point);
    try {
      script::call(L, 1, 1);
      add_findings(L, point);
    } catch (const std::exception& e) {
      if (interrupted()) throw;
      const std::string sentence = sentence_of(e);
      if (failed++ == 0) first = sentence;
      give(L, sentence);
      lua_setfield(L, point, "error");
      Progress::clear();
      std::fprintf(stderr, "this point failed: %s\n", sentence.c_str());
    }
    lua_settop(L, point - 1);
  }
  if (failed)
    throw Error(std::to_string(failed) + " of " + std::to_string(n) +
                " points failed, the others are done; the first: " + first);
}

int make_sweep(Call& c) {
  Engine& engine = Engine::of(c.L);
  engine.swept = true;
  const Sweep sweep = make_points(c.L, c.index("grid"));
  const int body = c.has("body") ? c.index("body") : 0;
  if (body) run_body(c.L, sweep, body);
  return give(c.L, sweep);
}

int next_point(Call& c) {  // for point in sweep do
  Sweep& sweep = self(c);
  push_points(c.L, sweep);
  const auto n = static_cast<int64_t>(lua_rawlen(c.L, -1));
  if (lua_isnoneornil(c.L, 3)) sweep.next = 0;  // a loop begins with nil
  if (sweep.next >= n) return lua_pushnil(c.L), 1;
  begin_point(c.L, sweep, ++sweep.next);
  return 1;
}

// A cell can be shown: text, a number, a truth, a measurement, a component's name.
bool shown(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
    case LUA_TBOOLEAN: return true;
    case LUA_TUSERDATA: {
      const Type* type = type_at(L, index);
      const std::string name = type ? type->name : "";
      return name == "result" || name == "estimate";
    }
    default: return false;
  }
}

std::vector<std::string> columns_of(lua_State* L, const Sweep& sweep) {
  std::vector<std::string> found;
  push_points(L, sweep);
  const int points = lua_gettop(L);
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, points)); i <= n; ++i) {
    lua_rawgeti(L, points, i);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
      const std::string key = lua_type(L, -2) == LUA_TSTRING ? text_at(L, -2) : "";
      const auto has = [&](const std::vector<std::string>& list) {
        return std::count(list.begin(), list.end(), key) > 0;
      };
      if (key.empty() || key == "point" || has(sweep.names) || has(found) || !shown(L, lua_gettop(L))) continue;
      found.push_back(key);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  std::sort(found.begin(), found.end());
  std::vector<std::string> all = sweep.names;
  all.insert(all.end(), found.begin(), found.end());
  return all;
}

// basin.table of the points.
std::string table_of(lua_State* L, const Sweep& sweep) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "basin");
  lua_getfield(L, -1, "table");
  lua_newtable(L);
  give_json(L, nlohmann::json(columns_of(L, sweep)));
  lua_setfield(L, -2, "columns");
  push_points(L, sweep);
  const auto own = static_cast<int64_t>(lua_rawlen(L, -1));
  lua_setfield(L, -2, "rows");
  script::call(L, 1, 1);
  std::string text = text_at(L, -1);
  lua_pop(L, 3);
  const Settings& settings = Engine::of(L).settings();
  if (settings.tasks)
    text += "\ntask " + std::to_string(settings.task) + " of " + std::to_string(settings.tasks) + ": " +
            std::to_string(own) + " of " + std::to_string(sweep.total) + " points; without --task the table has all";
  return text;
}

int text(Call& c) { return give(c.L, table_of(c.L, self(c))); }
int length(Call& c) {
  push_points(c.L, self(c));
  return give(c.L, static_cast<int64_t>(lua_rawlen(c.L, -1)));
}
int points(Call& c) { return push_points(c.L, self(c)), 1; }
int total(Call& c) { return give(c.L, self(c).total); }
int columns(Call& c) { return give_json(c.L, nlohmann::json(columns_of(c.L, self(c)))), 1; }

const Type& type() {
  static const Type t{
      .name = "sweep",
      .summary =
          "The points of a grid. for point in sweep do ... end goes over them; what a script writes into a point "
          "(point.fid = ...) is a column of the table that print(sweep) shows.",
      .properties = {{"points", "The points as a list: each a table of the grid's values and what was found.", points,
                      "table[]"},
                     {"count", "How many points the grid has, all tasks together.", total, "integer"},
                     {"columns", "The columns of its table.", columns, "string[]"}},
      .operators = {{"__call", next_point}, {"__tostring", text}, {"__len", length}},
      .call = "fun(): table|nil"};
  return t;
}

}  // namespace

void add_sweeps(lua_State* L, int library) {
  static const Function function{
      {.name = "basin.sweep",
       .summary = "All combinations of some values, one point each; the last name in the alphabet goes round fastest. "
                  "With --task k/n this process has every n-th point.",
       .fields = {{"grid", "table", "Lists of values by name."},
                  {"body", "fun(point: table): table|nil",
                   "Called with every point; what it returns are columns. A point where it fails is noted, and the "
                   "others go on.",
                   ""}},
       .returns = "sweep",
       .example = "for point in basin.sweep { rho = { 0.01, 0.1 }, bits = { 8, 4 } } do\n  point.product = point.rho * "
                  "point.bits\nend"},
      make_sweep};
  add_type<Sweep>(L, type());
  push(L, function);
  lua_setfield(L, library, "sweep");
}

}  // namespace basin::script
