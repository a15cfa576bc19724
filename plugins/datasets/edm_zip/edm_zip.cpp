// The zip files that EDM's dataset tool writes (Karras et al. 2022, as StyleGAN's before it): 00000/img00000000.png
// and so on, stored or deflated, and dataset.json, whose "labels" is null or a list of [name, class].
#include <map>
#include <nlohmann/json.hpp>

#include "../image_folder/pictures.hpp"
#include "zip.hpp"

using namespace basin;
using nlohmann::json;

struct EdmZip {
  static constexpr const char* name = "edm_zip";
  static constexpr const char* summary = "The zip file of pictures and labels that EDM's dataset tool writes.";
  std::string file;
  int64_t size, keep;
  bool labels;

  static auto parameters() {
    return declare(basin::file("file", &EdmZip::file, "The zip file, with dataset.json in it."),
                   pictures::size_option(&EdmZip::size), pictures::keep_option(&EdmZip::keep),
                   boolean("labels", &EdmZip::labels, true,
                           "Whether the labels of dataset.json are read; false: it may be missing."));
  }

  void open() {
    zip_.open(file);
    for (const archives::Zip::Member& member : zip_.members()) {
      pictures::check_member(file, member.name);
      if (pictures::is_picture(member.name)) members_.push_back(&member);
    }
    const archives::Zip::Member* about = zip_.find("dataset.json");
    if (members_.empty())
      throw error("There is no picture in '" + file + "': EDM's dataset tool writes 00000/img00000000.png and so on.",
                  about ? BASIN_ERROR_IO : BASIN_ERROR_NOT_FOUND);
    std::sort(members_.begin(), members_.end(), [](auto* a, auto* b) { return a->name < b->name; });
    if (labels) {
      if (!about)
        throw error("The archive '" + file +
                        "' has no dataset.json, which EDM's dataset tool writes: make it with that tool, or give "
                        "labels = false.",
                    BASIN_ERROR_IO);
      read_labels(*about);
    }
    pictures_.open(
        {members_.size(), [this](size_t i) { return "The picture '" + members_[i]->name + "' of '" + file + "'"; },
         [this](size_t i) { return zip_.read(*members_[i]); }},
        size, keep);
  }

  DatasetInfo describe() const {
    DatasetInfo info;
    info.count = static_cast<int64_t>(members_.size()), info.height = info.width = pictures_.size();
    info.classes = classes_;
    info.reference = std::filesystem::path(file).filename().string() + ", " + pictures_.text();
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* out) { pictures_.read(indices, labels_, values, out); }

 private:
  // {"labels": [["00000/img00000000.png", 6], ...]} or {"labels": null}
  void read_labels(const archives::Zip::Member& about) {
    const std::string who = "The dataset.json of '" + file + "' ";
    const std::vector<uint8_t> bytes = zip_.read(about);
    const json all = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!all.is_object() || !all.contains("labels"))
      throw error(who + "is no JSON object with \"labels\" in it.", BASIN_ERROR_IO);
    const json& list = all["labels"];
    if (list.is_null()) return;
    if (!list.is_array()) throw error(who + "has \"labels\" that are neither null nor a list.", BASIN_ERROR_IO);
    std::map<std::string, int64_t> label_of;
    for (const json& one : list) {
      if (!one.is_array() || one.size() != 2 || !one[0].is_string() || !one[1].is_number_integer())
        throw error(who + "has the label " + one.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60) +
                        ", and [\"name\", whole number] was expected.",
                    BASIN_ERROR_IO);
      label_of[one[0]] = one[1];
    }
    if (label_of.size() != members_.size())
      throw error(who + "has " + std::to_string(label_of.size()) + " labels for " + std::to_string(members_.size()) +
                      " pictures.",
                  BASIN_ERROR_IO);
    for (const auto* member : members_) {
      const auto found = label_of.find(member->name);
      if (found == label_of.end()) throw error(who + "has no label for '" + member->name + "'.", BASIN_ERROR_IO);
      labels_.push_back(found->second);
    }
    classes_ = pictures::class_count(labels_, file);
  }

  archives::Zip zip_;
  std::vector<const archives::Zip::Member*> members_;  // the pictures, by name
  std::vector<int64_t> labels_;                        // [N], or empty
  int64_t classes_ = 0;
  pictures::Store pictures_;
};

BASIN_PLUGIN("edm_zip", "0.1.0", "Apache-2.0", "Zip files of EDM's dataset tool.", basin::DatasetComponent<EdmZip>)
