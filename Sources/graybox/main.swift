print("graybox")
