// basin.table: results as text that lines up.
#include "script/engine.hpp"
#include "script/numbers.hpp"
#include "script/result.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

bool number_field(lua_State* L, int table, const char* key, double& out) {
  lua_pushstring(L, key);
  lua_rawget(L, lua_absindex(L, table));
  const bool is = lua_type(L, -1) == LUA_TNUMBER;
  if (is) out = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return is;
}

Cell cell_at(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNIL: return {.text = "-"};
    case LUA_TNUMBER: return {.text = "", .number = true, .value = lua_tonumber(L, index)};
    case LUA_TSTRING: return {.text = text_at(L, index)};
    case LUA_TBOOLEAN: return {.text = lua_toboolean(L, index) ? "yes" : "no"};
    case LUA_TTABLE: {  // { value = 1.23, low = 1.1, high = 1.3 }
      Cell cell{.text = "", .number = true};
      if (number_field(L, index, "value", cell.value)) {
        number_field(L, index, "low", cell.low);
        number_field(L, index, "high", cell.high);
        return cell;
      }
      break;
    }
    default: break;
  }
  if (const Result* result = test<Result>(L, index)) {
    const Estimate e = result->value();
    return {.text = "", .number = true, .value = e.value, .low = e.low, .high = e.high};
  }
  if (const Estimate* e = test<Estimate>(L, index))
    return {.text = "", .number = true, .value = e->value, .low = e->low, .high = e->high};
  if (const Tensor* tensor = test<Tensor>(L, index); tensor && tensor->numel() == 1) {
    return {.text = "", .number = true, .value = tensor->item<double>()};
  }
  std::string text = to_text(L, index);
  return {.text = text.substr(0, text.find('\n'))};
}

int table(Call& c) {
  lua_State* L = c.L;
  std::vector<std::string> columns;
  const int names = c.index("columns"), rows_at = c.index("rows");
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, names)); i <= n; ++i) {
    lua_rawgeti(L, names, i);
    if (lua_type(L, -1) != LUA_TSTRING)
      throw Error("basin.table: 'columns' must be a list of strings, got " + describe(L, -1));
    columns.push_back(text_at(L, -1));
    lua_pop(L, 1);
  }
  std::vector<std::vector<Cell>> rows;
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, rows_at)); i <= n; ++i) {
    lua_rawgeti(L, rows_at, i);
    if (lua_type(L, -1) != LUA_TTABLE)
      throw Error("basin.table: row " + std::to_string(i) + " must be a list, got " + describe(L, -1));
    auto& row = rows.emplace_back();
    bool by_name = false;
    for (const std::string& name : columns) {
      lua_pushstring(L, name.c_str());  // raw: a result's table refuses names that it lacks
      lua_rawget(L, -2);
      by_name = by_name || !lua_isnil(L, -1);
      lua_pop(L, 1);
    }
    if (!by_name && lua_rawlen(L, -1) > columns.size()) {
      throw Error("basin.table: row " + std::to_string(i) + " has " + std::to_string(lua_rawlen(L, -1)) +
                  " cells, and there are " + std::to_string(columns.size()) + " columns");
    }
    for (size_t column = 0; column < columns.size(); ++column) {
      if (by_name) {
        lua_pushstring(L, columns[column].c_str());
        lua_rawget(L, -2);
      } else lua_rawgeti(L, -1, static_cast<lua_Integer>(column + 1));
      row.push_back(cell_at(L, lua_gettop(L)));
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  std::string text = table_text(columns, rows);
  if (text.ends_with('\n')) text.pop_back();
  return give(L, text);
}

}  // namespace

void add_tables(lua_State* L, int library) {
  static const Function function{
      {.name = "basin.table",
       .summary = "Rows under columns as text that lines up; results stand with their intervals.",
       .fields = {{"columns", "string[]", "Their names."},
                  {"rows", "list",
                   "Each a list of cells, or a table by column name; a cell is text, a number, a result, "
                   "or { value =, low =, high = }."}},
       .table = true,
       .returns = "string",
       .example = "print(basin.table { columns = { \"rho\", \"FID\" }, rows = { { 0.1, 12.5 } } })"},
      table};
  push(L, function);
  lua_setfield(L, library, "table");
}

}  // namespace basin::script
