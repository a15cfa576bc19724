// Tensors in files, by name: safetensors, which Python reads and writes too.
#include "model/safetensors.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

int save(Call& c) {
  lua_State* L = c.L;
  std::map<std::string, Tensor> tensors;
  const int at = c.index("tensors");
  lua_pushnil(L);
  while (lua_next(L, at)) {
    const Tensor* tensor = test<Tensor>(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING || !tensor)
      throw Error("basin.save takes tensors by name, { noise = x }, got " +
                  (lua_type(L, -2) == LUA_TSTRING ? describe(L, -1) + " as '" + text_at(L, -2) + "'" : "a list"));
    tensors[text_at(L, -2)] = tensor->detach();
    lua_pop(L, 1);
  }
  if (tensors.empty()) throw Error("basin.save takes tensors by name, { noise = x }, got an empty table");
  write_safetensors(c.string("path"), tensors);
  return 0;
}

int load(Call& c) {
  lua_newtable(c.L);
  for (const auto& [name, tensor] : read_safetensors(c.string("path")).tensors) {
    give(c.L, tensor);
    lua_setfield(c.L, -2, name.c_str());
  }
  return 1;
}

}  // namespace

std::vector<Function> tensor_files() {
  return {
      {{"basin.save",
        "Writes tensors to a file, each under its name.",
        {{"path", "string", "The file, safetensors."}, {"tensors", "table<string, tensor>", "By name."}},
        false,
        "",
        "basin.save(\"noise.safetensors\", { noise = basin.randn { 2, 3 } })"},
       save},
      {{"basin.load",
        "The tensors of a file, by name: of basin.save, of a checkpoint, or of Python.",
        {{"path", "string", "The file, safetensors."}},
        false,
        "table<string, tensor>",
        "basin.save(\"t.safetensors\", { t = t }); print(basin.load(\"t.safetensors\").t)"},
       load},
  };
}

}  // namespace basin::script
