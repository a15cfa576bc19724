// What of a model its weights do not show: options that choose between forms with the same names and shapes, such as
// adm_unet's order of q, k and v, or what the model predicts. They travel in the metadata of a file of weights.
#pragma once
#include "model/model.hpp"

namespace basin {

// {"component": "adm_unet", "choice.order": "new", "choice.target": "epsilon", ...}: every option of type choice.
std::map<std::string, std::string> choices_of(const Model& model);

// Error where a file's metadata names another choice than the model's. Gives the choices that the file does not name.
std::vector<std::string> check_choices(const Model& model, const std::map<std::string, std::string>& metadata,
                                       const std::string& origin);

}  // namespace basin
