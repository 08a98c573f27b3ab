-- The on-premise shop of the bridge pipeline: a database `orders`, with the table that the connector leaves out.
SET NAMES utf8mb4;
CREATE DATABASE IF NOT EXISTS orders CHARACTER SET utf8mb4;
USE orders;
CREATE TABLE customers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name VARCHAR(50), last_name VARCHAR(50), email VARCHAR(50), city VARCHAR(50), country VARCHAR(50)
);
CREATE TABLE suppliers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(50), email VARCHAR(50), city VARCHAR(50), country VARCHAR(50)
);
CREATE TABLE products (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(50), description VARCHAR(50), price DECIMAL(10,2), cost DECIMAL(10,2)
);
CREATE TABLE sales_orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_date DATETIME, customer_id INT NOT NULL
);
CREATE TABLE sales_order_details (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sales_order_id INT NOT NULL, product_id INT NOT NULL, quantity INT, price DECIMAL(10,2)
);
CREATE TABLE purchase_orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_date DATETIME, supplier_id INT NOT NULL
);
CREATE TABLE purchase_order_details (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  purchase_order_id INT NOT NULL, product_id INT NOT NULL, quantity INT, cost DECIMAL(10,2)
);
CREATE TABLE dc01_out_of_stock_events (
  product_id INT NOT NULL PRIMARY KEY, quantity_to_purchase INT, timestamp VARCHAR(50)
);
INSERT INTO customers (first_name, last_name, email, city, country) VALUES
  ('Elvira', 'Rosario', 'elvira@example.com', 'Lisbon', 'Portugal'),
  ('Björn', 'Åkesson', 'bjorn@example.com', 'Malmö', 'Sweden');
INSERT INTO suppliers (name, email, city, country) VALUES ('Blue Fin', 'sales@bluefin.example.com', 'Porto', 'Portugal');
INSERT INTO products (name, description, price, cost) VALUES
  ('Wasabi Powder', 'hot', 15.23, 6.82), ('Green Tea', 'leaves', 10.54, 7.52);
INSERT INTO purchase_orders (order_date, supplier_id) VALUES ('2020-05-20 10:09:00', 1);
INSERT INTO purchase_order_details (purchase_order_id, product_id, quantity, cost) VALUES (1, 1, 100, 6.82), (1, 2, 100, 7.52);
INSERT INTO sales_orders (order_date, customer_id) VALUES ('2020-05-20 10:09:47', 1), ('2020-05-20 10:09:52', 2);
INSERT INTO sales_order_details (sales_order_id, product_id, quantity, price) VALUES (1, 1, 3, 15.23), (2, 2, 1, 10.54);
INSERT INTO dc01_out_of_stock_events VALUES (1, 100, '2020-05-20');
