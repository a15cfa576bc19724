-- Figure 5 (and the right of the supplement's Figures 1 and 2): the loss against the norm of a random perturbation of the
-- weights, for all methods and averages; and the slope along the other directions. Writes figure5.png.
local basin = require "basin"
local study = require "study"

local along = basin.metric "loss_along" { norm = "absolute", radii = { 2, 4, 6, 8, 10, 12 }, draws = 8, images = 128, bands = 0, along = "random" }
local elsewhere = {}
for _, direction in ipairs { "filter_normalised", "gradient", "hessian" } do
  elsewhere[direction] = basin.metric "loss_along" { along = direction, draws = 4, images = 64, bands = 0, iterations = 10 }
end
local curves, names, rows, radii = {}, {}, {}, nil
for _, row in ipairs(study.rows) do
  local rise = 0
  for _, seed in ipairs(study.seeds) do
    for _, curve in ipairs(along:measure(study.weights(row, seed), study.test_images).curves) do
      if curve.name == "loss_random" then
        rise, radii = rise + (basin.tensor(curve.y) - curve.y[1]) / #study.seeds, curve.x
      end
    end
  end
  curves[#curves + 1], names[#names + 1] = rise, row[3]
  local cells = { row[3], study.over_seeds(function(seed) return along:measure(study.weights(row, seed), study.test_images).slope_random end) }
  for _, direction in ipairs { "filter_normalised", "gradient", "hessian" } do
    -- The averages lie where their trainings do: the costly directions are looked at from the weights themselves.
    cells[#cells + 1] = row[2] and "" or study.over_seeds(function(seed)
      return elsewhere[direction]:measure(study.weights(row, seed), study.test_images)["slope_" .. direction]
    end)
  end
  rows[#rows + 1] = cells
end
print(basin.table {
  columns = { "slope of the loss", "random, by norm", "filter-normalised", "gradient", "top Hessian" }, rows = rows,
})
print "random: by the norm of the perturbation; the others by its share of the weights' norm"
print("picture: " .. basin.stack(curves):plot {
  path = "figure5.png", x = radii, names = names, title = "Loss under a random perturbation", x_label = "norm of the perturbation",
  y_label = "loss - loss at 0",
})
study.footer()
