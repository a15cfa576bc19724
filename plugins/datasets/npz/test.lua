local basin = require "basin"
local pictures = require "pictures"
local place = pictures.place

local function refused(text, name) pictures.refused("npz", { file = place("npz/" .. name .. ".npz") }, text) end

for _, name in ipairs { "labelled", "deflated", "unlabelled" } do
  local data = basin.dataset "npz" { file = place("npz/" .. name .. ".npz") }
  assert(data.count == 5 and data.classes == (name == "unlabelled" and 0 or 3))
  assert(data.reference == name .. ".npz, 5 images at 8x8")
  pictures.check(data, 1, 5, 0)
end
assert(basin.dataset("npz", { file = place "npz/labelled.npz", labels = false }).classes == 0)
local wide = basin.dataset "npz" { file = place "npz/wide.npz" }
assert(wide.shape[2] == 8 and wide.shape[3] == 16)
-- Cropped to the middle: columns 4 to 11 of two pictures side by side.
local middle = basin.dataset("npz", { file = place "npz/wide.npz", size = 8 }):images(2).pixels
local whole = wide:images(2).pixels
for column = 1, 8 do
  local found, wanted = {}, {}
  for y = 1, 8 do
    found[y] = middle[1][2][y][column]:item()
    wanted[y] = whole[1][2][y][column + 4]:item()
  end
  assert(table.concat(found, " ") == table.concat(wanted, " "))
end

refused("is <f4 (5, 8, 8, 3), and images are |u1 (N, H, W, 3)", "float")
refused("is |u1 (5, 8, 8), and images are |u1 (N, H, W, 3)", "grey")
refused("is |u1 (5, 3, 8, 8), and images are |u1 (N, H, W, 3)", "planes")
refused("is stored in Fortran's order", "fortran")
refused("The array arr_1 of '" .. place "npz/four_labels.npz" .. "' has 4 labels for 5 images", "four_labels")
refused("arr_1 of '" .. place "npz/one_hot.npz" .. "' is <f8 (5, 3), and labels are whole numbers (N)", "one_hot")
refused("has the label -7, and a class is a whole number from 0 on", "negative")
refused("has no array arr_0, in which images were expected; it has: mu.npy, sigma.npy", "moments")
refused("is no NumPy array", "no_array")
refused("says it is |u1 (5, 8, 8, 3), and does not have as many bytes", "other_length")
pictures.refused("npz", { file = place "shards/000.tar" }, "is no zip archive")
pictures.refused("npz", { file = pictures.cut("npz/labelled.npz", 700, "cut.npz") }, "'cut.npz' ends early")
print "ok"
