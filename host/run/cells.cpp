// Matching the samples of runs, see the header.
#include "run/cells.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "abi/error.hpp"
#include "plugin/files.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

// The images of one file of samples/, which is safetensors: 8 bytes of length, a JSON header, then values.
struct Samples {
  size_t run = 0;
  json protocol;
  int64_t shape[4] = {};             // N, C, H, W
  std::vector<std::uint8_t> pixels;  // of the first kShownCells images
};

// False: no images of Basin's. Error: the file cannot be read.
bool read_samples(const fs::path& file, Samples& out) {
  FileReader reader(file);
  uint64_t length = 0;
  if (reader.size() < sizeof length) return false;
  reader.read(&length, sizeof length, 0);
  if (length > reader.size() - sizeof length || length > (1u << 24)) return false;
  std::string text(length, '\0');
  reader.read(text.data(), text.size(), sizeof length);
  const json header = json::parse(text, nullptr, false);
  if (!header.is_object() || !header.contains("images") || !header.contains("__metadata__")) return false;
  out.protocol = json::parse(text_in(header["__metadata__"], "protocol"), nullptr, false);
  const json &images = header["images"], &shape = list_in(images, "shape"), &place = list_in(images, "data_offsets");
  if (!out.protocol.is_object() || text_in(images, "dtype") != "U8" || shape.size() != 4 || place.size() != 2)
    return false;
  for (size_t i = 0; i < 4; i++) {
    if (!shape[i].is_number_unsigned() || shape[i] > 1 << 20 || shape[i] == 0) return false;
    out.shape[i] = shape[i];
  }
  if ((out.shape[1] != 1 && out.shape[1] != 3) || out.shape[2] > 4096 || out.shape[3] > 4096) return false;
  if (!place[0].is_number_unsigned()) return false;
  out.pixels.resize(
      static_cast<size_t>(std::min<int64_t>(out.shape[0], kShownCells) * out.shape[1] * out.shape[2] * out.shape[3]));
  const uint64_t from = sizeof length + length + place[0].get<uint64_t>();
  if (from > reader.size() || reader.size() - from < out.pixels.size()) return false;
  reader.read(out.pixels.data(), out.pixels.size(), from);
  return true;
}

std::vector<Samples> samples_of(const Everything& all, std::vector<std::string>& problems) {
  std::vector<Samples> out;
  for (size_t run = 0; run < all.runs.size(); run++) {
    std::set<std::string> seen;
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator it(all.runs[run].folder / "samples", error), end; !error && it != end;
         it.increment(error))
      if (it->path().extension() == ".safetensors") files.push_back(it->path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      Samples samples;
      samples.run = run;
      try {
        if (!read_samples(file, samples)) {
          problems.push_back("'" + file.string() + "' is not as Basin wrote it, so its images are left out");
          continue;
        }
      } catch (const Error& e) {
        problems.push_back(e.what());
        continue;
      }
      if (seen.insert(samples.protocol.dump()).second) out.push_back(std::move(samples));
    }
  }
  return out;
}

std::string member(const json& object, const char* key) { return object.contains(key) ? text_of(object[key]) : ""; }
std::string label_of(const Samples& s) {
  const std::string label = text_in(s.protocol, "label");
  return label.empty() ? "raw weights" : label;
}
constexpr const char* kMethod[] = {"sampler", "process",
                                   "precision"};  // what two sets should share, seed and noise aside

std::string method_of(const Samples& s) {
  std::string out;
  for (const char* key : kMethod) out += member(s.protocol, key) + "\n";
  return out;
}

Cells cells_from(const std::vector<const Samples*>& group, const Everything& all) {
  const bool several = all.runs.size() > 1;
  Cells out;
  const Samples& lead = *group[0];
  out.title = (several ? label_of(lead) : all.runs[0].label) + ", seed " + member(lead.protocol, "seed");
  out.first =
      static_cast<int64_t>(std::isfinite(number_in(lead.protocol, "first")) ? number_in(lead.protocol, "first") : 0);
  out.channels = static_cast<int>(lead.shape[1]);
  out.height = static_cast<int>(lead.shape[2]);
  out.width = static_cast<int>(lead.shape[3]);
  int64_t count = kShownCells;
  for (const Samples* s : group) count = std::min(count, s->shape[0]);
  out.count = static_cast<int>(count);
  for (const Samples* s : group) {
    out.subjects.push_back(several ? all.runs[s->run].label : label_of(*s));
    out.images.push_back(s->pixels);
    out.images.back().resize(static_cast<size_t>(count * lead.shape[1] * lead.shape[2] * lead.shape[3]));
  }
  for (const char* key : kMethod) {
    std::string text = std::string(key) + ": ";
    bool same = true;
    for (const Samples* s : group) {
      text += (s == group[0] ? "" : " | ") + member(s->protocol, key);
      same = same && member(s->protocol, key) == member(lead.protocol, key);
    }
    if (!same) out.caveats.push_back(text);
  }
  return out;
}

}  // namespace

double Cells::difference(size_t subject, int cell) const {
  const size_t size = static_cast<size_t>(channels) * height * width, from = size * static_cast<size_t>(cell);
  double sum = 0;
  for (size_t i = from; i < from + size; i++) {
    const double d = static_cast<double>(images[subject][i]) - images[0][i];
    sum += d * d;
  }
  return std::sqrt(sum / static_cast<double>(size));
}

image::Picture Cells::tile(int cell) const {
  const size_t size = static_cast<size_t>(channels) * height * width;
  std::vector<std::uint8_t> column;
  for (const auto& of : images)
    column.insert(column.end(), of.begin() + static_cast<ptrdiff_t>(size * static_cast<size_t>(cell)),
                  of.begin() + static_cast<ptrdiff_t>(size * static_cast<size_t>(cell + 1)));
  image::GridOptions options;
  options.columns = 1;
  options.padding = 0;
  return image::grid(column, static_cast<int>(images.size()), channels, height, width, options);
}

image::Picture Cells::sheet(int columns) const {
  constexpr int kGap = 4;
  const int scale = width < 64 ? 96 / width : 1, rows = (count + columns - 1) / columns;
  const int tile_width = width * scale, tile_height = height * scale * static_cast<int>(images.size());
  image::Picture out{columns * (tile_width + kGap) + kGap, rows * (tile_height + kGap) + kGap, 3, {}};
  out.pixels.assign(static_cast<size_t>(out.width) * out.height * 3, 255);
  for (int cell = 0; cell < count; cell++) {
    const image::Picture one = tile(cell);
    const int left = kGap + cell % columns * (tile_width + kGap), top = kGap + cell / columns * (tile_height + kGap);
    for (int y = 0; y < tile_height; y++)
      for (int x = 0; x < tile_width; x++)
        for (int c = 0; c < 3; c++)
          out.pixels[(static_cast<size_t>(top + y) * out.width + left + x) * 3 + c] =
              one.pixels[(static_cast<size_t>(y / scale) * one.width + x / scale) * one.channels +
                         (one.channels == 3 ? c : 0)];
  }
  return out;
}

std::vector<Cells> cells_of(const Everything& all, std::vector<std::string>& problems) {
  const bool several = all.runs.size() > 1;
  const std::vector<Samples> samples = samples_of(all, problems);
  std::vector<std::string> order;
  std::map<std::string, std::vector<const Samples*>> groups;
  for (const auto& s : samples) {
    std::string key =
        (several ? label_of(s) : method_of(s)) + "\n" + member(s.protocol, "seed") + "\n" + member(s.protocol, "first");
    for (int i = 1; i < 4; i++) key += "\n" + std::to_string(s.shape[i]);
    auto& group = groups[key];
    if (group.empty()) order.push_back(key);
    group.push_back(&s);
  }
  std::vector<Cells> out;
  for (const auto& key : order) {
    std::set<size_t> seen;
    const auto& group = groups[key];
    const bool twice =
        several && std::any_of(group.begin(), group.end(), [&](auto* s) { return !seen.insert(s->run).second; });
    std::map<std::string, std::vector<const Samples*>> sides;  // by sampler, where one run has several
    for (const Samples* s : group) sides[twice ? method_of(*s) : ""].push_back(s);
    for (const auto& [method, side] : sides)
      if (side.size() > 1) out.push_back(cells_from(side, all));
  }
  return out;
}

}  // namespace basin
