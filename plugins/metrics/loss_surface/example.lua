-- The loss around an untrained model, as a picture.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }

local surface = basin.metric("loss_surface", { points = 5, images = 8 }):measure(model, data, { process = process })
print(surface)
local picture = os.tmpname()
surface:contour { path = picture, title = "around an untrained model" }
os.remove(picture)
