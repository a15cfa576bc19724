// result:contour() and result:surface(): a grid that a metric found, as a PNG file.
#include <filesystem>

#include "image/image.hpp"
#include "run/collect.hpp"
#include "script/result.hpp"

namespace basin::script {
namespace {

const nlohmann::json& grid_of(Call& c, const nlohmann::json& record) {
  static const nlohmann::json none = nlohmann::json::array();
  const auto& grids =
      record.contains("grids") ? record.at("grids") : none;  // results of older versions have no such list
  const std::string metric = record.at("metric");
  if (grids.empty())
    throw Error("the result of " + metric +
                " has no grid to draw; loss_surface gives one, loss_along one by noise level");
  if (!c.has("grid")) return grids[0];
  const std::string name = c.string("grid");
  std::vector<std::string> names;
  for (const auto& grid : grids) {
    if (grid.at("name") == name) return grid;
    names.push_back(grid.at("name"));
  }
  throw Error("the result of " + metric + " has no grid '" + name + "'" + hint(name, names));
}

int draw(Call& c, image::Picture (*draw)(const image::Surface&), const char* otherwise) {
  const nlohmann::json& record = get<Result>(c.L, 1).record;
  const nlohmann::json& grid = grid_of(c, record);
  image::Surface surface = surface_of(grid);
  const std::string label = record.value("label", "");
  surface.title = c.string("title", record.at("metric").get<std::string>() + (label.empty() ? "" : ", " + label));
  surface.log_z = c.boolean("log");
  surface.low_z = c.number("low", surface.low_z), surface.high_z = c.number("high", surface.high_z);
  surface.width = static_cast<int>(c.integer("width", surface.width));
  surface.height = static_cast<int>(c.integer("height", surface.height));
  const std::filesystem::path file = c.string("path", otherwise);
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    throw Error("the folder '" + file.parent_path().string() + "' cannot be made: " + error.message(), BASIN_ERROR_IO);
  image::write_png(file, draw(surface));
  return give(c.L, file.string());
}

std::vector<Field> fields(const char* file) {
  return {{"path", "string", "The file.", file},
          {"grid", "string", "Which, by name.", "the first"},
          {"log", "boolean", "A logarithmic scale of the values.", "false"},
          {"low", "number", "Lower end of the scale of values, for several pictures with one.", "the lowest value"},
          {"high", "number", "Its upper end.", "the highest value"},
          {"title", "string", "Above it.", "the metric and the weights"},
          {"width", "integer", "Of the picture.", "760", 200, 8000, "pixels"},
          {"height", "integer", "Of the picture.", "600", 150, 8000, "pixels"}};
}

}  // namespace

std::vector<Function> result_pictures() {
  return {
      {{"result:contour", "Draws a grid that the metric found, from above with lines of equal value, into a PNG.",
        fields("\"contour.png\""), true, "string (the file)", "surface:contour \"contour.png\""},
       [](Call& c) { return draw(c, image::contour, "contour.png"); }},
      {{"result:surface", "Draws a grid that the metric found, in three dimensions, into a PNG.",
        fields("\"surface.png\""), true, "string (the file)", "surface:surface { path = \"surface.png\", log = true }"},
       [](Call& c) { return draw(c, image::solid, "surface.png"); }}};
}

}  // namespace basin::script
