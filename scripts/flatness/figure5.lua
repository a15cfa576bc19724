-- Figure 5 (and the right of the supplement's Figures 1 and 2): the loss against the norm of a random perturbation of the
-- weights, for all methods and averages; and the slope along the other directions. Writes figure5.png.
local basin = require "basin"
local study = require "study"

local along = basin.metric "loss_along" { norm = "absolute", radii = { 2, 4, 6, 8, 10, 12 }, draws = 8, images = basin.args.images // 2, bands = 0, along = "random" }
local elsewhere = {}
for _, direction in ipairs { "filter_normalised", "gradient", "hessian" } do
  elsewhere[direction] = basin.metric "loss_along" { along = direction, draws = 4, images = basin.args.images // 4, bands = 0, iterations = 10 }
end
local curves, names, rows, radii = {}, {}, {}, nil
for i, row in ipairs(study.rows) do
  local loss
  names[i], loss, radii = row[3], study.mean_curve(row, along, "loss_random")
  curves[i] = loss - loss[1]
  -- The norm, because a longer vector is moved less by the same perturbation.
  local cells = { row[3], study.over_seeds(function(seed)
    local found = along:measure(study.weights(row, seed), study.test_images)
    return found.weight_norm, found.slope_random
  end) }
  for _, direction in ipairs { "filter_normalised", "gradient", "hessian" } do
    -- These cost more: from the weights alone, not from their averages.
    cells[#cells + 1] = row[2] and "" or study.over_seeds(function(seed)
      return elsewhere[direction]:measure(study.weights(row, seed), study.test_images)["slope_" .. direction]
    end)
  end
  rows[i] = cells
end
print(basin.table {
  columns = { "slope of the loss", "norm of the weights", "random, by norm", "filter-normalised", "gradient", "top Hessian" }, rows = rows,
})
print "random: by the norm of the perturbation; the others by its share of the weights' norm"
print("picture: " .. basin.stack(curves):plot {
  path = "figure5.png", x = radii, names = names, title = "Loss under a random perturbation", x_label = "norm of the perturbation",
  y_label = "loss - loss at 0",
})
study.footer()
